import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import TextareaAutosize from "react-textarea-autosize";
import { useChatActions } from "../../ChatContext";
import { isTooLong } from "../../chat/length";
import type { ChatMessage } from "../../chat/model";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Dialog";
import { refusal } from "../../ui/refusal";
import { toast } from "../../ui/Toast";
import { applyEdit } from "../input/edit";
import { mark } from "../input/format";
import { formatOf, sends } from "../input/keys";
import styles from "./EditBox.module.css";

interface EditBoxProps {
  sid: string;
  message: ChatMessage;
  /** What was typed before and could not be saved. */
  unsaved: string | null;
}

/** One's own message, to be changed in its place. Enter saves, Esc leaves it as it was. */
export function EditBox({ sid, message, unsaved }: EditBoxProps) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const { index, body } = message;
  const [text, setText] = useState(unsaved ?? body);
  const [asking, setAsking] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  /** The composer, for who came from there by ↑ and goes back. */
  const composer = useRef<HTMLElement | null>(null);
  const written = text.trimEnd();
  const empty = !written.trim() && message.files.length === 0;
  const tooLong = isTooLong(written);

  useEffect(() => {
    const { current } = field;
    const before = document.activeElement;
    if (before instanceof HTMLTextAreaElement && before !== current) composer.current = before;
    current?.focus({ preventScroll: true });
    current?.setSelectionRange(current.value.length, current.value.length);
    current?.scrollIntoView({ block: "nearest" });
  }, []);

  function close() {
    chat.startEditing(sid, null);
    const row = document.querySelector<HTMLElement>(`[data-index="${index}"] > article`);
    queueMicrotask(() => (composer.current ?? row)?.focus());
  }
  function save() {
    if (empty || tooLong) return;
    close();
    chat.edit(sid, index, written).catch((error) => {
      chat.startEditing(sid, index, written);
      toast(refusal(error));
    });
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    event.stopPropagation();
    const format = formatOf(event);
    if (format && field.current) {
      event.preventDefault();
      applyEdit(field.current, mark(text, field.current.selectionStart, field.current.selectionEnd, format));
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (written === body) close();
      else setAsking(true);
    } else if (sends(event)) {
      event.preventDefault();
      save();
    }
  }
  return (
    <form
      className={styles.box}
      aria-label={t("log.editing")}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <TextareaAutosize
        ref={field}
        className={styles.text}
        minRows={1}
        maxRows={12}
        dir="auto"
        aria-label={t("log.editText")}
        aria-invalid={tooLong}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className={styles.do}>
        {tooLong && <span role="alert">{t("input.tooLong")}</span>}
        <Button size="sm" look="quiet" onClick={close}>
          {t("cancel")}
        </Button>
        <Button size="sm" look="primary" type="submit" disabled={empty || tooLong}>
          {t("save")}
        </Button>
      </div>
      <Confirm
        title={t("log.discardTitle")}
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={close}
        action={t("log.discard")}
        danger
      >
        {t("log.discardText")}
      </Confirm>
    </form>
  );
}
