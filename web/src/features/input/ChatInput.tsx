import { ArrowUp } from "lucide-react";
import { type ClipboardEvent, type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import TextareaAutosize from "react-textarea-autosize";
import { useChatActions } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { IconButton } from "../../ui/Button";
import { Confirm } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { useRoomTitle } from "../../usePerson";
import styles from "./ChatInput.module.css";
import { applyEdit } from "./edit";
import { link, mark } from "./format";
import { formatOf, isTouch, sends } from "./keys";
import { Suggestions } from "./Suggestions";
import { TypingLine } from "./TypingLine";
import { useAutocomplete } from "./useAutocomplete";
import { useSend } from "./useSend";

/** Keys of an input method end up here with this code in browsers that do not say `isComposing`. */
const composingKey = 229;

/** The composer. Its text is the room's draft in the store, so it survives a change of room and an ended session. */
export function ChatInput({ room }: { room: Room }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const field = useRef<HTMLTextAreaElement>(null);
  const title = useRoomTitle(room);
  const placeholder = t("input.placeholder", { room: `\u2066${title}\u2069` });
  const { draft, send, canSend, tooLong, left, asked, closeQuestion } = useSend(room);
  const { aria, list, shown, press, typed, moved, close } = useAutocomplete(field);

  useEffect(() => {
    const { current } = field;
    if (!current || isTouch()) return;
    current.focus({ preventScroll: true });
    current.setSelectionRange(current.value.length, current.value.length);
  }, []);

  function submit(confirmed?: boolean) {
    if (!send(confirmed)) return;
    close();
    field.current?.focus();
  }

  /** Whether the composer takes the key. */
  function take(event: KeyboardEvent<HTMLTextAreaElement>): boolean {
    const { value, selectionStart, selectionEnd } = event.currentTarget;
    const format = formatOf(event.nativeEvent);
    if (press(event)) return true;
    if (format) applyEdit(event.currentTarget, mark(value, selectionStart, selectionEnd, format));
    else if (sends(event.nativeEvent)) submit();
    else return false;
    return true;
  }
  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.nativeEvent.isComposing || event.keyCode === composingKey) return;
    if (take(event)) event.preventDefault();
  }

  function onChange(text: string) {
    chat.setDraft(room.sid, text);
    if (text.trim()) chat.typing(room.sid);
    typed();
  }

  function onPaste(event: ClipboardEvent<HTMLTextAreaElement>) {
    const { value, selectionStart, selectionEnd } = event.currentTarget;
    const edit = link(value, selectionStart, selectionEnd, event.clipboardData.getData("text/plain"));
    if (!edit) return;
    event.preventDefault();
    applyEdit(event.currentTarget, edit);
  }

  return (
    <div className={styles.dock}>
      <TypingLine sid={room.sid} />
      {list && <Suggestions room={room} {...list} />}
      <p className="sr" role="status">
        {shown && t("input.suggestions", { count: shown.count })}
      </p>
      <form
        className={styles.composer}
        aria-label={t("input.form")}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextareaAutosize
          ref={field}
          className={styles.text}
          minRows={1}
          maxRows={12}
          dir="auto"
          placeholder={placeholder}
          aria-label={placeholder}
          {...aria}
          value={draft}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={onKeyDown}
          onSelect={moved}
          onBlur={close}
          onPaste={onPaste}
        />
        <IconButton type="submit" label={t("input.send")} className={styles.send} disabled={!canSend}>
          <Icon of={ArrowUp} />
        </IconButton>
      </form>
      {left !== null && !tooLong && <p className={styles.left}>{t("input.left", { count: left })}</p>}
      {tooLong && (
        <p className={styles.note} role="alert">
          {t("input.tooLong")}
        </p>
      )}
      <Confirm
        title={t("input.everybodyTitle", { count: asked ?? 0, room: title })}
        isOpen={asked !== null}
        onClose={closeQuestion}
        onConfirm={() => submit(true)}
        action={t("input.everybodyAction")}
      >
        {t("input.everybodyText")}
      </Confirm>
    </div>
  );
}
