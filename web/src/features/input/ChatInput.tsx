import { ArrowUp, CircleAlert } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import TextareaAutosize from "react-textarea-autosize";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Draft, Person, Room } from "../../chat/model";
import { IconButton } from "../../ui/Button";
import { Confirm } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { useRoomTitle } from "../../usePerson";
import { Attach } from "./Attach";
import { Bar } from "./Bar";
import styles from "./ChatInput.module.css";
import { DropHere } from "./DropHere";
import { InsertEmoji } from "./InsertEmoji";
import { OutsiderBar } from "./OutsiderBar";
import { PasteBar } from "./PasteBar";
import { ReplyBar } from "./ReplyBar";
import { Suggestions } from "./Suggestions";
import { Tray } from "./Tray";
import { TypingLine } from "./TypingLine";
import { useAutocomplete } from "./useAutocomplete";
import { useDrop } from "./useDrop";
import { useFiles } from "./useFiles";
import { useFocus } from "./useFocus";
import { useKeys } from "./useKeys";
import { usePaste } from "./usePaste";
import { useSend } from "./useSend";

const nothing: Draft = { quote: null, files: [] };

/** The composer. Its text is the room's draft in the store, so it survives a change of room and an ended session. */
export function ChatInput({ room }: { room: Room }) {
  const { sid } = room;
  const { t } = useTranslation();
  const chat = useChatActions();
  const field = useRef<HTMLTextAreaElement>(null);
  const title = useRoomTitle(room);
  const placeholder = t("input.placeholder", { room: `\u2066${title}\u2069` });
  const { quote, files } = useChatState((state) => state.enclosures[sid] ?? nothing);
  const [outsider, setOutsider] = useState<Person | null>(null);
  const { draft, send, canSend, tooLong, left, asked, closeQuestion } = useSend(room);
  const { attach, refused, forgive } = useFiles(sid, field);
  const { onPaste, pasted, forget } = usePaste(attach);
  const { aria, list, shown, press, typed, moved, close } = useAutocomplete(field, setOutsider);
  const onKeyDown = useKeys(sid, press, submit);
  const over = useDrop(field, attach);
  const pastedAt = pasted === null ? -1 : draft.indexOf(pasted);
  useFocus(field, quote?.sid);

  function submit(confirmed?: boolean) {
    if (!send(confirmed)) return;
    close();
    forgive();
    forget();
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
        {quote && <ReplyBar room={room} quote={quote} />}
        {pasted && pastedAt >= 0 && (
          <PasteBar pasted={pasted} at={pastedAt} field={field} onFiles={attach} onClose={forget} />
        )}
        {outsider && (
          <OutsiderBar
            key={outsider.identity}
            room={room}
            title={title}
            text={draft}
            person={outsider}
            onClose={() => setOutsider(null)}
          />
        )}
        {files.length > 0 && <Tray sid={sid} files={files} />}
        {refused.length > 0 && (
          <Bar icon={CircleAlert} bad role="alert" closes={t("close")} onClose={forgive}>
            <span>{refused.join(" ")}</span>
          </Bar>
        )}
        <div className={styles.line}>
          <Attach className={styles.button} onFiles={attach} />
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
          <InsertEmoji className={styles.button} field={field} />
          <IconButton type="submit" label={t("input.send")} className={styles.send} disabled={!canSend}>
            <Icon of={ArrowUp} />
          </IconButton>
        </div>
      </form>
      {left !== null && !tooLong && <p className={styles.left}>{t("input.left", { count: left })}</p>}
      {tooLong && (
        <p className={styles.note} role="alert">
          {t("input.tooLong")}
        </p>
      )}
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
