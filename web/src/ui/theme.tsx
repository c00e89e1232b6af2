import { Moon, Sun } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import { Icon } from "./Icon";
import { recall, remember } from "./memory";

const key = "roomful:theme";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** What the person chose in this browser; without a choice the system decides. */
export function chosenTheme(): Theme {
  const chosen = recall(key);
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function apply(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
}

/** Applies the theme that the person chose before. */
export const applyTheme = () => apply(chosenTheme());

export function chooseTheme(theme: Theme): void {
  remember(key, theme);
  apply(theme);
}

const isDark = () => {
  const theme = chosenTheme();
  return theme === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
};

/** From light to dark and back. */
export function ThemeToggle({ className }: { className?: string | undefined }) {
  const { t } = useTranslation();
  const [dark, setDark] = useState(isDark);
  function toggle() {
    chooseTheme(isDark() ? "light" : "dark");
    setDark(isDark());
  }
  return (
    <IconButton label={t("theme")} onClick={toggle} className={className}>
      <Icon of={dark ? Moon : Sun} />
    </IconButton>
  );
}
