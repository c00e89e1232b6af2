import type { LucideIcon } from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { Dialog, Modal, ModalOverlay, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import dialogs from "../../ui/Dialog.module.css";
import floating from "../../ui/Floating.module.css";
import { Icon } from "../../ui/Icon";
import { Notice } from "../../ui/Notice";
import { useWide } from "../../ui/useWide";
import type { EmojiPicker } from "./EmojiPicker";
import styles from "./EmojiPopover.module.css";

interface EmojiPopoverProps {
  isOpen: boolean;
  onClose: () => void;
  onPick: (emoji: string) => void;
  /** What it is beside. */
  triggerRef: RefObject<Element | null>;
}

const columnsWide = 9;
/** A finger needs this much, in px. */
const touch = 44;
const phone = 720;

/** The emoji picker beside something; on a phone a sheet from below. Closing gives the focus back. */
export function EmojiPopover({ isOpen, onClose, onPick, triggerRef }: EmojiPopoverProps) {
  const { t } = useTranslation();
  const wide = useWide(phone);
  const columns = wide ? columnsWide : Math.max(6, Math.floor((window.innerWidth - 24) / touch));
  const onOpenChange = (open: boolean) => !open && onClose();
  const content = (
    <Dialog className={styles.dialog as string} aria-label={t("emoji.pick")}>
      <Loaded columns={columns} focusSearch={wide} onPick={onPick} onClose={onClose} />
    </Dialog>
  );
  return wide ? (
    <Popover
      className={cx(floating.popover, styles.popover)}
      triggerRef={triggerRef}
      placement="top end"
      isOpen={isOpen}
      onOpenChange={onOpenChange}
    >
      {content}
    </Popover>
  ) : (
    <ModalOverlay className={dialogs.scrim as string} isOpen={isOpen} onOpenChange={onOpenChange} isDismissable>
      <Modal className={dialogs.modal as string}>{content}</Modal>
    </ModalOverlay>
  );
}

type Picker = typeof EmojiPicker;
let picker: Picker | undefined;

/** The picker as soon as it is there: its place is kept free, and who is offline can try again. */
function Loaded(props: Parameters<Picker>[0]) {
  const { t } = useTranslation();
  const [Made, setMade] = useState(() => picker);
  const [attempt, setAttempt] = useState(0);
  const [failed, setFailed] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt loads once
  useEffect(() => {
    if (picker) return;
    setFailed(false);
    import("./EmojiPicker").then(
      (module) => {
        picker = module.EmojiPicker;
        setMade(() => module.EmojiPicker);
      },
      () => setFailed(true),
    );
  }, [attempt]);
  if (Made) return <Made {...props} />;
  return failed ? <Notice onRetry={() => setAttempt(attempt + 1)}>{t("emoji.failed")}</Notice> : null;
}

interface EmojiButtonProps {
  /** What the button is called. */
  label: string;
  icon: LucideIcon;
  onPick: (emoji: string) => void;
  className?: string | undefined;
  /** For who opens it by other means, too. */
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
}

/** A button that opens the emoji picker. */
export function EmojiButton({ label, icon, onPick, className, isOpen, onOpenChange }: EmojiButtonProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const shown = isOpen ?? open;
  function show(now: boolean) {
    setOpen(now);
    onOpenChange?.(now);
  }
  return (
    <>
      <IconButton
        ref={button}
        label={label}
        className={className}
        aria-haspopup="dialog"
        aria-expanded={shown}
        onClick={() => show(!shown)}
      >
        <Icon of={icon} />
      </IconButton>
      <EmojiPopover isOpen={shown} onClose={() => show(false)} onPick={onPick} triggerRef={button} />
    </>
  );
}
