import { useTranslation } from "react-i18next";
import styles from "./ChatLog.module.css";
import { dayOf } from "./format";
import { JumpToDate } from "./JumpToDate";

/** The day's name; pressed, it offers another one. */
export function DayDivider({ sid, at }: { sid: string; at: number }) {
  const { t } = useTranslation();
  const day = dayOf(at);
  return (
    <li className={styles.day}>
      <JumpToDate sid={sid} at={at}>
        {day === "today" || day === "yesterday" ? t(`log.${day}`) : day}
      </JumpToDate>
    </li>
  );
}

/** Above the first message that was new when the room was opened. */
export function NewLine() {
  const { t } = useTranslation();
  return (
    <li className={styles.new} data-line>
      <span>{t("log.newLine")}</span>
    </li>
  );
}
