import { CircleAlert, Clock } from "lucide-react";
import { type MouseEvent, memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatActions, useChatState } from "../../ChatContext";
import type { ChatMessage, Outgoing } from "../../chat/model";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import { useShowProfile } from "../profile/ProfileContext";
import { RichText } from "../text/RichText";
import { fullTimeOf, shortTimeOf, timeOf } from "./format";
import styles from "./MessageRow.module.css";
import { SeenBy } from "./SeenBy";

/** As much of a text is in the name that a screen reader says when one moves to the row. */
const longestLabel = 300;

interface RowProps {
  author: string;
  at: number;
  /** First of a group: with face, name and time. The others show their time when pointed at. */
  first: boolean;
  body: string;
  mentions: readonly string[];
  index?: number;
  look?: string | undefined;
  children?: ReactNode;
}

function Row({ author, at, first, body, mentions, index, look, children }: RowProps) {
  const { user } = useChat();
  const person = useChatState((state) => state.people[author]) ?? { identity: author, name: author };
  const { name } = person;
  const { t } = useTranslation();
  const show = useShowProfile();
  const showProfile = (event: MouseEvent<HTMLElement>) => show(author, event.currentTarget);
  const time = (className: string | undefined, text: string) => (
    <time className={className} dateTime={new Date(at).toISOString()} title={fullTimeOf(at)}>
      {text}
    </time>
  );
  return (
    <li data-row data-index={index}>
      <article
        className={cx(styles.row, first && styles.first, look)}
        aria-label={`${name}, ${timeOf(at)}, ${body.slice(0, longestLabel)}`}
        tabIndex={-1}
      >
        {first ? (
          // No tab stop, nor is the name, of which there would be a hundred: by keyboard the row's menu leads there.
          <button
            type="button"
            className={styles.face}
            tabIndex={-1}
            aria-label={t("profile.showOf", { name })}
            aria-haspopup="dialog"
            onClick={showProfile}
          >
            <Avatar person={person} />
          </button>
        ) : (
          time(styles.gutter, shortTimeOf(at))
        )}
        <div className={styles.body}>
          {first ? (
            <div className={styles.by}>
              <button
                type="button"
                className={styles.author}
                tabIndex={-1}
                aria-haspopup="dialog"
                onClick={showProfile}
              >
                <bdi>{name}</bdi>
              </button>
              {time(styles.time, timeOf(at))}
            </div>
          ) : (
            <span className="sr">{name}</span>
          )}
          <div className={styles.text}>
            <RichText text={body} mentions={mentions} me={user?.username ?? ""} />
          </div>
          {children}
        </div>
      </article>
    </li>
  );
}

interface MessageRowProps {
  message: ChatMessage;
  first: boolean;
  /** It was jumped to just now. */
  glows: boolean;
  /** The last one that this person wrote: it shows who has seen it. */
  last: boolean;
}

export const MessageRow = memo(function MessageRow({ message, first, glows, last }: MessageRowProps) {
  const { author, sentAt, body, mentions, index } = message;
  const look = glows ? styles.glows : undefined;
  return (
    <Row author={author} at={sentAt} first={first} body={body} mentions={mentions} index={index} look={look}>
      {last && <SeenBy index={index} />}
    </Row>
  );
});

/** A message on its way. It says so only when it takes long enough to be noticed. */
export function OutgoingRow({ sid, outgoing, first }: { sid: string; outgoing: Outgoing; first: boolean }) {
  const { user } = useChat();
  const failed = outgoing.status === "cutOff" || outgoing.status === "refused";
  return (
    <Row
      author={user?.username ?? ""}
      at={outgoing.createdAt}
      first={first}
      body={outgoing.text}
      mentions={outgoing.mentions}
      look={failed ? styles.failed : styles.pending}
    >
      {failed ? <NotSent sid={sid} outgoing={outgoing} /> : <OnItsWay outgoing={outgoing} />}
    </Row>
  );
}

function OnItsWay({ outgoing }: { outgoing: Outgoing }) {
  const { t } = useTranslation();
  const connected = useChatState((state) => state.connected);
  const waits = outgoing.status === "queued" && !connected;
  return (
    <div className={cx(styles.receipt, !waits && styles.later)}>
      <Icon of={Clock} size={14} />
      {t(waits ? "log.waiting" : "log.sending")}
    </div>
  );
}

function NotSent({ sid, outgoing }: { sid: string; outgoing: Outgoing }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const { cid, text, reason } = outgoing;

  function edit() {
    const draft = chat.store.getState().drafts[sid];
    chat.setDraft(sid, draft ? `${text}\n${draft}` : text);
    chat.discard(sid, cid);
  }

  return (
    <div className={styles.receipt} role="alert">
      <Icon of={CircleAlert} size={16} />
      <span>{reason ? t("log.refused", { reason }) : t("log.notSent")}</span>
      <Button look="link" onClick={() => chat.retry(sid, cid)}>
        {t("retry")}
      </Button>
      <Button look="link" onClick={edit}>
        {t("log.edit")}
      </Button>
      <Button look="link" onClick={() => chat.discard(sid, cid)}>
        {t("log.delete")}
      </Button>
    </div>
  );
}
