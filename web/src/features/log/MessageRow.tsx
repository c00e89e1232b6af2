import { Pin } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatState } from "../../ChatContext";
import { everybody } from "../../chat/mentions";
import type { ChatMessage } from "../../chat/model";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import { Attachments } from "../files/Attachments";
import { EditBox } from "./EditBox";
import { fullTimeOf } from "./format";
import styles from "./MessageRow.module.css";
import { QuoteStrip } from "./QuoteStrip";
import { Reactions } from "./Reactions";
import { Row } from "./Row";
import { SeenBy } from "./SeenBy";
import { Text } from "./Text";

interface MessageRowProps {
  sid: string;
  message: ChatMessage;
  first: boolean;
  /** It was jumped to just now. */
  glows: boolean;
  /** The last one that this person wrote: it shows who has seen it. */
  last: boolean;
  pinned: boolean;
}

export const MessageRow = memo(function MessageRow({ sid, message, first, glows, last, pinned }: MessageRowProps) {
  const { user } = useChat();
  const { author, sentAt, body, index, quote, mentions } = message;
  const me = user?.username ?? "";
  const edited = useChatState((state) => state.editing[sid]);
  const editing = edited?.index === index;
  const forMe = author !== me && mentions.some((identity) => identity === me || identity === everybody);
  return (
    <Row
      author={author}
      at={sentAt}
      first={first}
      says={body || message.files.map(({ name }) => name).join(", ")}
      index={index}
      look={cx(glows && styles.glows, forMe && styles.mention)}
    >
      {pinned && <PinnedMark />}
      {quote && <QuoteStrip sid={sid} quote={quote} />}
      {editing ? (
        <EditBox sid={sid} message={message} unsaved={edited.text} />
      ) : (
        body && <Text text={body} mentions={mentions} />
      )}
      {message.editedAt !== null && !editing && <Edited at={message.editedAt} />}
      <Attachments files={message.files} />
      <Reactions sid={sid} message={message} me={me} />
      {last && <SeenBy index={index} />}
    </Row>
  );
});

function PinnedMark() {
  const { t } = useTranslation();
  return (
    <span className={styles.pinned}>
      <Icon of={Pin} size={14} />
      {t("pins.mark")}
    </span>
  );
}

function Edited({ at }: { at: number }) {
  const { t } = useTranslation();
  return (
    <span className={styles.edited} title={fullTimeOf(at)}>
      {t("log.edited")}
    </span>
  );
}
