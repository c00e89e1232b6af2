import { Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import { Icon } from "./Icon";
import { recall, remember } from "./memory";

const key = "roomful:theme";

/** Applies the theme that the person chose; without a choice the system decides. */
export function applyTheme(): void {
  const theme = recall(key);
  if (theme) document.documentElement.dataset.theme = theme;
}

function toggleTheme(): void {
  const { dataset } = document.documentElement;
  const dark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = dark ? "light" : "dark";
  remember(key, dataset.theme);
}

export function ThemeToggle({ className }: { className?: string | undefined }) {
  const { t } = useTranslation();
  return (
    <IconButton label={t("theme")} onClick={toggleTheme} className={className}>
      <Icon of={Sun} />
    </IconButton>
  );
}
