import { SmilePlus } from "lucide-react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import { EmojiButton } from "../emoji/EmojiPopover";
import { recentEmoji } from "../emoji/memory";
import type { RowMenuProps } from "./RowMenu";
import styles from "./RowSheet.module.css";

const mostRecent = 5;

type RowSheetProps = Omit<RowMenuProps, "open" | "onOpen"> & { isOpen: boolean; onClose: () => void };

/** The same as the menu, for fingers: from below, over the page. */
export function RowSheet({ isOpen, onClose, acts, mayReact, onAct, onReact }: RowSheetProps) {
  const { t } = useTranslation();
  const then = (act: () => void) => () => {
    onClose();
    act();
  };
  const react = (emoji: string) => then(() => onReact(emoji))();
  return (
    <ModalOverlay
      className={styles.scrim as string}
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable
    >
      <Modal className={styles.sheet as string}>
        <Dialog className={styles.content as string} aria-label={t("log.actions")}>
          {mayReact && (
            <div className={styles.emoji}>
              {recentEmoji()
                .slice(0, mostRecent)
                .map((emoji) => (
                  <button
                    key={emoji}
                    type="button"
                    aria-label={t("log.reactWith", { emoji })}
                    onClick={() => react(emoji)}
                  >
                    {emoji}
                  </button>
                ))}
              <EmojiButton label={t("log.addReaction")} icon={SmilePlus} className={styles.more} onPick={react} />
            </div>
          )}
          {acts.map(({ key, icon, text, danger }) => (
            <button
              key={key}
              type="button"
              className={cx(styles.item, danger && styles.danger)}
              onClick={then(() => onAct(key))}
            >
              <Icon of={icon} />
              {t(`log.${text}`)}
            </button>
          ))}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
