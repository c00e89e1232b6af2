import { FileUp } from "lucide-react";
import { createPortal } from "react-dom";
import { useTranslation } from "react-i18next";
import { Icon } from "../../ui/Icon";
import styles from "./DropHere.module.css";

/** Lies over the room while files hover there. */
export function DropHere({ over, room }: { over: Element; room: string }) {
  const { t } = useTranslation();
  return createPortal(
    <div className={styles.drop}>
      <p>
        <Icon of={FileUp} />
        {t("input.drop", { room })}
      </p>
    </div>,
    over,
  );
}
