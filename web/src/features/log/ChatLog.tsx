import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatActions, useChatState } from "../../ChatContext";
import { type Row, toRows } from "../../chat/messages";
import type { Outgoing, Room, RoomLog } from "../../chat/model";
import { emptyLog } from "../../chat/store";
import { useRoomTitle } from "../../usePerson";
import styles from "./ChatLog.module.css";
import { DayDivider, NewLine } from "./DayDivider";
import { ButtonLatest, LogBar } from "./LogBar";
import { FirstLoad, LogEnd, LogTop } from "./LogEnds";
import { MessageRow } from "./MessageRow";
import { OutgoingRow } from "./OutgoingRow";
import { SystemRow } from "./SystemRow";
import { useLogScroll } from "./useLogScroll";
import { useRowMenu } from "./useRowMenu";

const nothing: Outgoing[] = [];

/** The messages of the open room. */
export function ChatLog({ room }: { room: Room }) {
  const log = useChatState((state) => state.logs[room.sid] ?? emptyLog);
  return (
    <div className={styles.frame}>
      {log.loaded ? <Messages room={room} log={log} /> : <FirstLoad room={room} failed={log.failed !== null} />}
    </div>
  );
}

function Messages({ room, log }: { room: Room; log: RoomLog }) {
  const { t } = useTranslation();
  const { sid } = room;
  const chat = useChatActions();
  const { user } = useChat();
  const me = user?.username ?? "";
  const waiting = useChatState((state) => state.outbox[sid] ?? nothing);
  const outgoing = log.hasNewer ? nothing : waiting; // they come last, and the last is not shown
  const hidden = useChatState((state) => state.hidden);
  const rows = useMemo(
    () =>
      toRows(
        log.messages.filter((message) => !hidden[message.sid]),
        outgoing,
        me,
        log.line,
      ),
    [log.messages, hidden, outgoing, me, log.line],
  );

  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const { atBottom, lineAbove, glow, onScroll } = useLogScroll({
    box,
    list,
    log,
    onWants: (end) => (end === "older" ? chat.loadOlder(sid) : chat.loadNewer(sid)),
    onSees: (index, atEnd) => chat.sees(sid, index, atEnd),
    onAimed: () => chat.arrivedAt(sid),
    onLeft: (place) => chat.leftAt(sid, place),
  });
  const menu = useRowMenu(room, list);
  const mine = log.hasNewer ? undefined : log.messages.findLast((message) => message.author === me)?.index;

  const pinned = new Set(room.pins.map((pin) => pin.sid));

  function show(row: Row) {
    if (row.kind === "day") return <DayDivider key={row.key} sid={sid} at={row.at} />;
    if (row.kind === "line") return <NewLine key={row.key} />;
    if (row.kind === "system") return <SystemRow key={row.key} message={row.message} />;
    if (row.kind === "outgoing")
      return <OutgoingRow key={row.key} sid={sid} outgoing={row.outgoing} first={row.first} />;
    const { message, first } = row;
    const { index } = message;
    return (
      <MessageRow
        key={row.key}
        sid={sid}
        message={message}
        first={first}
        glows={index === glow}
        last={index === mine}
        pinned={pinned.has(message.sid)}
      />
    );
  }

  return (
    <>
      <LogBar room={room} log={log} lineAbove={lineAbove} />
      <div
        ref={box}
        className={styles.log}
        role="log"
        aria-label={t("log.label", { room: useRoomTitle(room) })}
        aria-live={useQuiet(log) ? "off" : "polite"}
        aria-relevant="additions"
        aria-busy={log.loading !== null && log.loading !== "refresh"}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        onScroll={onScroll}
        {...menu.handlers}
      >
        <ol ref={list} className={styles.list}>
          <LogTop room={room} log={log} />
          {rows.map(show)}
          <LogEnd sid={sid} log={log} />
        </ol>
        {menu.element}
      </div>
      {(!atBottom || log.hasNewer) && <ButtonLatest sid={sid} log={log} />}
    </>
  );
}

/** Only what arrives is to be read out, not what is loaded: the log is silent while it loads and a moment after. */
function useQuiet(log: RoomLog): boolean {
  const loading = log.loading !== null;
  const [quiet, setQuiet] = useState(true);
  useEffect(() => {
    if (loading) setQuiet(true);
    const timer = setTimeout(() => setQuiet(loading), 500);
    return () => clearTimeout(timer);
  }, [loading]);
  return quiet || loading;
}
