import { useState } from "react";
import { Radio, RadioGroup } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { cx } from "../../ui/cx";
import { chooseTheme, chosenTheme, type Theme, themes } from "../../ui/theme";
import styles from "./Settings.module.css";

/** Light, dark, or as the system has it; in this browser. */
export function Appearance() {
  const { t } = useTranslation();
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  function choose(chosen: string) {
    setTheme(chosen as Theme);
    chooseTheme(chosen as Theme);
  }
  return (
    <>
      <p>{t("settings.appearance.text")}</p>
      <RadioGroup
        className={styles.themes as string}
        aria-label={t("settings.appearance.title")}
        value={theme}
        onChange={choose}
        orientation="horizontal"
      >
        {themes.map((name) => (
          <Radio key={name} value={name} className={styles.theme as string}>
            <span className={cx(styles.sample, styles[`sample_${name}`])} aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {t(`settings.appearance.${name}`)}
          </Radio>
        ))}
      </RadioGroup>
    </>
  );
}
