import { useTranslation } from "react-i18next";
import { bytesOf, longest, nearlyFull } from "../../chat/length";
import styles from "./ChatInput.module.css";

/** How much more a long message can hold, or that it holds too much. */
export function Length({ text }: { text: string }) {
  const { t } = useTranslation();
  const bytes = bytesOf(text);
  if (bytes > longest)
    return (
      <p className={styles.note} role="alert">
        {t("input.tooLong")}
      </p>
    );
  return bytes > nearlyFull && <p className={styles.left}>{t("input.left", { count: longest - bytes })}</p>;
}
