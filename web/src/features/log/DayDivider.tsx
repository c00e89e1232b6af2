import { useTranslation } from "react-i18next";
import styles from "./ChatLog.module.css";
import { dayOf } from "./format";

export function DayDivider({ at }: { at: number }) {
  const { t } = useTranslation();
  const day = dayOf(at);
  return <li className={styles.day}>{day === "today" || day === "yesterday" ? t(`log.${day}`) : day}</li>;
}
