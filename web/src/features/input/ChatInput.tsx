import { ArrowUp } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import TextareaAutosize from "react-textarea-autosize";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Person, Room } from "../../chat/model";
import { IconButton } from "../../ui/Button";
import { Confirm } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { useRoomTitle } from "../../usePerson";
import { Attach } from "./Attach";
import styles from "./ChatInput.module.css";
import { DropHere } from "./DropHere";
import { Enclosed } from "./Enclosed";
import { InsertEmoji } from "./InsertEmoji";
import { Length } from "./Length";
import { Suggestions } from "./Suggestions";
import { TypingLine } from "./TypingLine";
import { useAutocomplete } from "./useAutocomplete";
import { useDrop } from "./useDrop";
import { useFiles } from "./useFiles";
import { useFocus } from "./useFocus";
import { useKeys } from "./useKeys";
import { usePaste } from "./usePaste";
import { useSend } from "./useSend";

/** The composer. Its text is the room's draft in the store, so it survives a change of room and an ended session. */
export function ChatInput({ room }: { room: Room }) {
  const { sid } = room;
  const { t } = useTranslation();
  const chat = useChatActions();
  const field = useRef<HTMLTextAreaElement>(null);
  const title = useRoomTitle(room);
  const placeholder = t("input.placeholder", { room: `\u2066${title}\u2069` });
  const { draft, send, canSend, asked, closeQuestion } = useSend(room);
  const [outsider, setOutsider] = useState<Person | null>(null);
  const files = useFiles(sid, field);
  const paste = usePaste(files.attach);
  const { aria, list, shown, press, typed, moved, close } = useAutocomplete(field, setOutsider);
  const onKeyDown = useKeys(sid, press, submit);
  const over = useDrop(field, files.attach);
  const answers = useChatState((state) => state.enclosures[sid]?.quote?.sid);
  useFocus(field, draft, answers);

  function submit(confirmed?: boolean) {
    if (!send(confirmed)) return;
    close();
    files.forgive();
    paste.forget();
    field.current?.focus();
  }
  function onChange(text: string) {
    chat.setDraft(sid, text);
    if (text.trim()) chat.typing(sid);
    typed();
  }

  return (
    <div className={styles.dock}>
      <TypingLine sid={sid} />
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
        <Enclosed
          room={room}
          field={field}
          text={draft}
          files={files}
          paste={paste}
          outsider={outsider}
          onForget={() => setOutsider(null)}
        />
        <div className={styles.line}>
          <Attach className={styles.button} onFiles={files.attach} />
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
            onPaste={paste.onPaste}
          />
          <InsertEmoji className={styles.button} field={field} />
          <IconButton type="submit" label={t("input.send")} className={styles.send} disabled={!canSend}>
            <Icon of={ArrowUp} />
          </IconButton>
        </div>
      </form>
      <Length text={draft} />
      {over && <DropHere over={over} room={title} />}
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
