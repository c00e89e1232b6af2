import { ArrowUp } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import TextareaAutosize from "react-textarea-autosize";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { IconButton } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { useRoomTitle } from "../../usePerson";
import styles from "./ChatInput.module.css";
import { TypingLine } from "./TypingLine";

/** The service's limit of a message body, in bytes. */
const longest = 32_768;
/** Keys of an input method end up here with this code in browsers that do not say `isComposing`. */
const composingKey = 229;

const touch = () => matchMedia("(pointer: coarse)").matches;

/** The composer. Its text is the room's draft in the store, so it survives a change of room and an ended session. */
export function ChatInput({ room }: { room: Room }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const draft = useChatState((state) => state.drafts[room.sid] ?? "");
  const field = useRef<HTMLTextAreaElement>(null);
  const placeholder = t("input.placeholder", { room: `\u2066${useRoomTitle(room)}\u2069` });
  const tooLong = draft.length > longest / 4 && new TextEncoder().encode(draft).length > longest;

  useEffect(() => {
    const { current } = field;
    if (!current || touch()) return;
    current.focus({ preventScroll: true });
    current.setSelectionRange(current.value.length, current.value.length);
  }, []);

  function send(event?: FormEvent) {
    event?.preventDefault();
    const text = draft.replace(/^(\s*\n)+/, "").trimEnd(); // the first line may be indented on purpose
    if (!text.trim() || tooLong) return;
    chat.setDraft(room.sid, "");
    chat.send(room.sid, text);
    field.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    const composing = event.nativeEvent.isComposing || event.keyCode === composingKey;
    if (event.key !== "Enter" || event.shiftKey || composing || touch()) return;
    event.preventDefault();
    send();
  }

  function onChange(text: string) {
    chat.setDraft(room.sid, text);
    if (text.trim()) chat.typing(room.sid);
  }

  return (
    <div className={styles.dock}>
      <TypingLine sid={room.sid} />
      <form className={styles.composer} aria-label={t("input.form")} onSubmit={send}>
        <TextareaAutosize
          ref={field}
          className={styles.text}
          minRows={1}
          maxRows={12}
          dir="auto"
          placeholder={placeholder}
          aria-label={placeholder}
          value={draft}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <IconButton type="submit" label={t("input.send")} className={styles.send} disabled={!draft.trim() || tooLong}>
          <Icon of={ArrowUp} />
        </IconButton>
      </form>
      {tooLong && (
        <p className={styles.note} role="alert">
          {t("input.tooLong")}
        </p>
      )}
    </div>
  );
}
