import { ArrowDown, MessageSquare } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatActions, useChatState } from "../../ChatContext";
import { toRows } from "../../chat/messages";
import type { Outgoing, Room, RoomLog } from "../../chat/model";
import { emptyLog } from "../../chat/store";
import { Button } from "../../ui/Button";
import { LitDoor } from "../../ui/Empty";
import { Icon } from "../../ui/Icon";
import styles from "./ChatLog.module.css";
import { DayDivider } from "./DayDivider";
import { dateOf } from "./format";
import { MessageRow, OutgoingRow } from "./MessageRow";
import { useLogScroll } from "./useLogScroll";

const nothing: Outgoing[] = [];

/** The messages of the open room. */
export function ChatLog({ room }: { room: Room }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const { user } = useChat();
  const log = useChatState((state) => state.logs[room.sid] ?? emptyLog);
  const outgoing = useChatState((state) => state.outbox[room.sid] ?? nothing);
  const me = user?.username ?? "";
  const rows = useMemo(() => toRows(log.messages, outgoing, me), [log.messages, outgoing, me]);

  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const older = useCallback(() => {
    if (!log.failed) chat.loadOlder(room.sid);
  }, [chat, room.sid, log.failed]);
  const { atBottom, toBottom, onScroll } = useLogScroll(box, list, older);

  // A page that does not fill the window gives nothing to scroll: load on until it does.
  useEffect(() => {
    const view = box.current;
    if (view && log.loaded && log.hasOlder && view.scrollHeight <= view.clientHeight) older();
  }, [log.loaded, log.hasOlder, older]);

  const count = log.messages.length;
  useEffect(() => {
    if (atBottom && !log.busy && count) chat.trim(room.sid);
  }, [atBottom, log.busy, count, chat, room.sid]);

  const sends = outgoing.length;
  const sendsBefore = useRef(sends);
  useEffect(() => {
    if (sends > sendsBefore.current) toBottom(); // what one sends oneself is always shown
    sendsBefore.current = sends;
  }, [sends, toBottom]);

  const unseen = useUnseen(log, atBottom, me);
  return (
    <div className={styles.frame}>
      <div
        ref={box}
        className={styles.log}
        role="log"
        aria-label={t("log.label", { room: room.name })}
        aria-busy={log.busy}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        onScroll={onScroll}
      >
        {log.loaded ? (
          <ol ref={list} className={styles.list}>
            <Top room={room} log={log} onRetry={() => chat.loadOlder(room.sid)} />
            {rows.map((row) => {
              if (row.kind === "day") return <DayDivider key={row.key} at={row.at} />;
              if (row.kind === "message") return <MessageRow key={row.key} message={row.message} first={row.first} />;
              return <OutgoingRow key={row.key} sid={room.sid} outgoing={row.outgoing} first={row.first} />;
            })}
          </ol>
        ) : (
          <FirstLoad log={log} onRetry={() => chat.loadLatest(room.sid)} />
        )}
      </div>
      {!atBottom && (
        <button
          type="button"
          className={unseen ? styles.unseen : styles.latest}
          aria-label={unseen ? undefined : t("log.latest")}
          onClick={toBottom}
        >
          <Icon of={ArrowDown} size={16} />
          {unseen > 0 && t("log.new", { count: unseen })}
        </button>
      )}
    </div>
  );
}

/** Counts what others wrote below the reader's place. */
function useUnseen(log: RoomLog, atBottom: boolean, me: string): number {
  const newest = log.messages.at(-1)?.index ?? -1;
  const [seen, setSeen] = useState(newest);
  useEffect(() => {
    if (atBottom) setSeen(newest);
  }, [atBottom, newest]);
  return atBottom ? 0 : log.messages.filter((message) => message.index > seen && message.author !== me).length;
}

/** Above the oldest row: more to load, or the start of the room. Loading changes its words but not its height. */
function Top({ room, log, onRetry }: { room: Room; log: RoomLog; onRetry: () => void }) {
  const { t } = useTranslation();
  if (!log.hasOlder) return <Start room={room} empty={log.messages.length === 0} />;
  return (
    <li className={styles.top}>
      {log.failed ? (
        <span role="alert">
          {t("log.failedOlder")}{" "}
          <Button look="link" onClick={onRetry}>
            {t("retry")}
          </Button>
        </span>
      ) : (
        <span className={log.busy ? styles.later : styles.hidden}>{t("log.loadingOlder")}</span>
      )}
    </li>
  );
}

function Start({ room, empty }: { room: Room; empty: boolean }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const creator = useChatState((state) => (room.createdBy ? (state.people[room.createdBy]?.name ?? null) : null));
  const date = room.createdAt ? dateOf(room.createdAt) : null;
  return (
    <li className={styles.start}>
      <LitDoor className={styles.art} />
      <h2>{t("log.start", { room: room.name })}</h2>
      {date && <p>{creator ? t("log.startBy", { name: creator, date }) : t("log.startOn", { date })}</p>}
      {empty && (
        <button type="button" className={styles.idea} onClick={() => chat.send(room.sid, "👋")}>
          <Icon of={MessageSquare} size={16} />
          {t("log.hello")}
        </button>
      )}
    </li>
  );
}

function FirstLoad({ log, onRetry }: { log: RoomLog; onRetry: () => void }) {
  const { t } = useTranslation();
  if (log.failed) {
    return (
      <p className={styles.failed} role="alert">
        {t("log.failed")}{" "}
        <Button look="link" onClick={onRetry}>
          {t("retry")}
        </Button>
      </p>
    );
  }
  return (
    <div className={styles.skeleton}>
      <span className="sr">{t("log.loading")}</span>
      {[46, 72, 30, 64, 52, 38, 70, 44].map((width) => (
        <div key={width} className={styles.bone} aria-hidden="true">
          <i />
          <div>
            <b />
            <s style={{ inlineSize: `${width}%` }} />
          </div>
        </div>
      ))}
    </div>
  );
}
