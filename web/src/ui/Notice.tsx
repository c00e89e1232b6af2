import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./Button";
import { cx } from "./cx";
import styles from "./Notice.module.css";

/** Says in its place what failed, worked or holds; with a button to try again. */
export function Notice({
  tone = "bad",
  onRetry,
  children,
}: {
  tone?: "bad" | "good" | "plain";
  onRetry?: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <div className={cx(styles.notice, styles[tone])} role={tone === "bad" ? "alert" : "status"}>
      <span>{children}</span>
      {onRetry && (
        <Button look="link" onClick={onRetry}>
          {t("retry")}
        </Button>
      )}
    </div>
  );
}
