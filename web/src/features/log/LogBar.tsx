import { ArrowDown, ArrowUp, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChatActions } from "../../ChatContext";
import { pageSize } from "../../chat/history";
import type { Room, RoomLog } from "../../chat/model";
import { useRoomRoute } from "../../route";
import { Button, IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import { timeSince } from "./format";
import styles from "./LogBar.module.css";
import { Failed } from "./LogEnds";

interface LogBarProps {
  room: Room;
  log: RoomLog;
  lineAbove: boolean;
}

/** Over the top of the log: what is new above, or what became of the message that was asked for. */
export function LogBar({ room, log, lineAbove }: LogBarProps) {
  const missing = useMissing(log);
  const { t } = useTranslation();
  const unread = useUnreadBar(room, log, lineAbove);
  if (log.failed === "window" || log.loading === "window") {
    const failed = log.failed === "window";
    return (
      <div className={cx(styles.bar, failed ? styles.bad : styles.later)}>
        {failed ? <Failed sid={room.sid}>{t("log.failed")}</Failed> : t("log.loading")}
      </div>
    );
  }
  if (missing.shown) return <Notice onClose={missing.close}>{t("log.missing")}</Notice>;
  return unread && <UnreadBar room={room} log={log} lineAbove={lineAbove} />;
}

function Notice({ children, onClose }: { children: string; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles.bar} role="status">
      <p>{children}</p>
      <IconButton label={t("close")} onClick={onClose}>
        <Icon of={X} size={16} />
      </IconButton>
    </div>
  );
}

/** The message of a permalink is gone: said until the reader closes it or goes elsewhere. */
function useMissing({ aim }: RoomLog) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (aim) setShown(aim.at === "middle" && aim.missing);
  }, [aim]);
  return { shown, close: () => setShown(false) };
}

/** The bar goes once the New line was in view, unless more than a page was new: then when all is read. */
function useUnreadBar(room: Room, log: RoomLog, lineAbove: boolean): boolean {
  const [seen, setSeen] = useState<number | null>(null);
  useEffect(() => {
    if (!lineAbove && log.line !== null) setSeen(log.line);
  }, [lineAbove, log.line]);
  if (log.line === null) return false;
  return log.lineCount > pageSize ? room.unread !== 0 || lineAbove : lineAbove && seen !== log.line;
}

function UnreadBar({ room, log, lineAbove }: { room: Room; log: RoomLog; lineAbove: boolean }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const { line, lineCount: count } = log;
  const first = log.messages.find((message) => line !== null && message.index >= line);
  const known = first && (log.messages[0] === first ? first.index === line : true);
  return (
    <section className={cx(styles.bar, styles.new)} aria-label={t("log.newBar")}>
      <p>{known ? t("log.newSince", { count, since: timeSince(first.sentAt) }) : t("log.newHere", { count })}</p>
      {lineAbove && line !== null && (
        <Button look="link" onClick={() => chat.jump(room.sid, line)}>
          <Icon of={ArrowUp} size={14} />
          {t("log.jump")}
        </Button>
      )}
      <Button look="link" onClick={() => chat.markRead(room.sid)}>
        {t("log.markRead")}
      </Button>
    </section>
  );
}

/** Down to the room's end; says how much is new there. */
export function ButtonLatest({ sid, log }: { sid: string; log: RoomLog }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const [, navigate] = useLocation();
  const { at } = useRoomRoute();
  const count = log.unseen.length;

  function go() {
    chat.toLatest(sid);
    if (at !== null) navigate(`/r/${sid}`, { replace: true }); // the address named a message
  }

  return (
    <button
      type="button"
      className={cx(styles.latest, count > 0 && styles.unseen)}
      aria-label={count || log.hasNewer ? undefined : t("log.latest")}
      onClick={go}
    >
      <Icon of={ArrowDown} size={16} />
      {count > 0 ? t("log.new", { count }) : log.hasNewer && t("log.toLatest")}
    </button>
  );
}
