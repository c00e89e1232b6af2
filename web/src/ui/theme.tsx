import { Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import { Icon } from "./Icon";

const key = "roomful:theme";

/** Applies the theme that the person chose; without a choice the system decides. */
export function applyTheme(): void {
  const theme = read();
  if (theme) document.documentElement.dataset.theme = theme;
}

function read(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden
  }
}

function toggleTheme(): void {
  const { dataset } = document.documentElement;
  const dark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem(key, dataset.theme);
  } catch {
    // it then lasts until the page is closed
  }
}

export function ThemeToggle({ className }: { className?: string | undefined }) {
  const { t } = useTranslation();
  return (
    <IconButton label={t("theme")} onClick={toggleTheme} className={className}>
      <Icon of={Sun} />
    </IconButton>
  );
}
