import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Dialog as Frame, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "./Button";
import { cx } from "./cx";
import styles from "./Dialog.module.css";
import { Icon } from "./Icon";
import { Notice } from "./Notice";
import { refusal } from "./refusal";

interface DialogProps {
  title: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  size?: "small" | "wide";
  /** An alert has no button to close it but its own actions, and is not closed by a press beside it. */
  alert?: boolean;
  children: ReactNode;
}

/** Over the page until it is closed; keeps the focus, and gives it back. Its content is made anew each time it opens. */
export function Dialog({ title, isOpen, onClose, size = "small", alert = false, children }: DialogProps) {
  const { t } = useTranslation();
  return (
    <ModalOverlay
      className={styles.scrim as string}
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={!alert}
    >
      <Modal className={cx(styles.modal, size === "wide" && styles.wide)}>
        <Frame className={styles.dialog as string} role={alert ? "alertdialog" : "dialog"}>
          <div className={styles.head}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            {!alert && (
              <IconButton label={t("close")} onClick={onClose}>
                <Icon of={X} />
              </IconButton>
            )}
          </div>
          {children}
        </Frame>
      </Modal>
    </ModalOverlay>
  );
}

/** The row of buttons at a dialog's end. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}

interface ConfirmProps {
  title: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  /** May take its time; a refusal is shown, and the question stays. */
  onConfirm: () => unknown;
  /** What the button says: the act itself, never "OK". */
  action: string;
  danger?: boolean;
  children: ReactNode;
}

/** Asks before something is lost. */
export function Confirm({ onConfirm, action, danger = false, children, ...dialog }: ConfirmProps) {
  return (
    <Dialog {...dialog} alert>
      {typeof children === "string" ? <p>{children}</p> : children}
      <Answer onClose={dialog.onClose} onConfirm={onConfirm} action={action} danger={danger} />
    </Dialog>
  );
}

function Answer({
  onClose,
  onConfirm,
  action,
  danger,
}: Pick<ConfirmProps, "onClose" | "onConfirm" | "action"> & { danger: boolean }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function confirm() {
    setBusy(true);
    setProblem(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setProblem(refusal(error));
      setBusy(false);
    }
  }
  return (
    <>
      {problem && <Notice>{problem}</Notice>}
      <DialogActions>
        <Button onClick={onClose} autoFocus>
          {t("cancel")}
        </Button>
        <Button look={danger ? "danger" : "primary"} onClick={confirm} disabled={busy}>
          {action}
        </Button>
      </DialogActions>
    </>
  );
}
