import { useTranslation } from "react-i18next";
import styles from "./Skeleton.module.css";

/** Stands for `rows` things that are on their way; `dots` when they have a picture or door. */
export function Skeleton({ rows, dots = true }: { rows: number; dots?: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={styles.rows} role="status" aria-label={t("loadingRows")}>
      {Array.from({ length: rows }, (_, row) => `${row}`).map((row, index) => (
        <div key={row} className={styles.row}>
          {dots && <span className={styles.dot} />}
          <span className={styles.line} style={{ inlineSize: `${[52, 38, 64, 45][index % 4]}%` }} />
        </div>
      ))}
    </div>
  );
}
