import type { Attention } from "./attention";
import { createDwell } from "./dwell";
import { isOnline, type Live } from "./live";
import { lineAt } from "./messages";
import type { ChatStore } from "./store";
import type { Unread } from "./unread";

/**
 * Each report goes to everybody in the room: the first at once, the next ones not more often than this, unless the person
 * goes away.
 */
const reportEvery = 2_000;

export type Reading = ReturnType<typeof createReading>;

interface Report {
  /** The index to advance the horizon to. */
  wanted: number;
  done: number;
  running: Promise<void> | null;
  call: Promise<void> | null;
  /** Ends the pause after a report. */
  wake: () => void;
}

/**
 * The read horizon. It advances to what was in view for a moment while the person looked, and by one's own messages; it
 * goes back only by "mark unread from here", and then stays until the room is left.
 */
export function createReading(store: ChatStore, live: Live, unread: Unread, attention: Attention) {
  let reports = new Map<string, Report>();
  /** The open room was marked unread: it is not read by looking at it. */
  let held = false;
  /** The last row in view; null while nothing is shown. */
  let inView: { sid: string; index: number } | null = null;

  const patchLog = (sid: string, change: { line: number | null; lineCount: number }) =>
    store.change("logs", sid, (log) => log && { ...log, ...change });
  const setReadTo = (sid: string, readTo: number | null) =>
    store.change("rooms", sid, (room) => (room && room.readTo !== readTo ? { ...room, readTo } : room));

  const dwell = createDwell((index) => {
    const { openSid } = store.getState();
    if (openSid) advance(openSid, index);
  });

  function look(): void {
    const open = inView?.sid === store.getState().openSid ? inView : null;
    if (attention.now() && !held && open) dwell.sees(open.index);
    else dwell.stop();
  }

  function advance(sid: string, index: number): void {
    const room = store.getState().rooms[sid];
    if (!room || index <= (room.readTo ?? -1)) return;
    const report = reports.get(sid) ?? { wanted: -1, done: -1, running: null, call: null, wake: () => {} };
    report.wanted = Math.max(report.wanted, index);
    reports.set(sid, report);
    setReadTo(sid, index);
    if (index >= unread.newest(sid)) store.change("rooms", sid, (entry) => entry && { ...entry, unread: 0 });
    start(sid, report);
  }

  async function send(sid: string, report: Report): Promise<void> {
    while (report.wanted > report.done && reports.get(sid) === report && isOnline(live)) {
      const conversation = live.conversations.get(sid);
      if (!conversation) return;
      const index = report.wanted;
      const left = index >= unread.newest(sid) ? 0 : undefined;
      report.call = unread.setHorizon(sid, index, () => conversation.advanceLastReadMessageIndex(index), left);
      try {
        await report.call;
      } catch {
        return; // sent again with the next one, or after a reconnect
      }
      report.done = index;
      await new Promise<void>((resolve) => {
        report.wake = resolve;
        setTimeout(resolve, reportEvery);
      });
    }
  }

  function start(sid: string, report: Report): void {
    report.running ??= send(sid, report).finally(() => {
      report.running = null;
    });
  }

  /** Forgets what waits to be reported, and lets what is on its way arrive first. */
  async function settle(sid: string): Promise<void> {
    const call = reports.get(sid)?.call;
    reports.delete(sid);
    await call?.catch(() => {});
  }

  async function markRead(sid: string): Promise<void> {
    const conversation = live.conversations.get(sid);
    patchLog(sid, { line: null, lineCount: 0 });
    if (sid === store.getState().openSid) held = false;
    if (!conversation) return;
    await settle(sid);
    const newest = unread.newest(sid);
    if (newest < 0) return;
    setReadTo(sid, newest);
    await unread
      .setHorizon(sid, newest, () => conversation.setAllMessagesRead(), 0)
      .catch(() => unread.look(conversation));
  }

  /** What was read is reported now. What came while the person looked, but not long enough to read it, is unread after all. */
  function leave(sid: string | null): void {
    if (sid) reports.get(sid)?.wake();
    const conversation = sid ? live.conversations.get(sid) : undefined;
    const room = sid ? store.getState().rooms[sid] : undefined;
    if (conversation && room && unread.newest(room.sid) > (room.readTo ?? -1)) unread.look(conversation);
  }

  attention.watch(() => {
    look();
    if (attention.now()) unread.recount(false);
    else leave(store.getState().openSid);
  });

  return {
    /** A room is left. What the next one shows may be told before or after. */
    left(left: string | null): void {
      if (left) patchLog(left, { line: null, lineCount: 0 });
      leave(left);
      held = false;
      if (inView?.sid === left) inView = null;
      dwell.stop();
    },

    /** Another room is open now. */
    entered: look,

    /** Draws the New line where reading goes on; it stays there though the horizon moves on. */
    drawLine(sid: string, horizon: number | null): void {
      const { logs, rooms, me } = store.getState();
      const log = logs[sid];
      if (!log?.loaded) return;
      const next = (horizon ?? -1) + 1;
      const { messages, hasOlder, hasNewer } = log;
      const shown =
        (!hasOlder || (messages[0]?.index ?? next) <= next) && (!hasNewer || (messages.at(-1)?.index ?? 0) >= next);
      // A link may have led to another stretch of the room: then the line waits outside of it. Who never read here has none.
      const elsewhere = horizon === null ? null : next;
      const line = shown ? lineAt(messages, next - 1, me?.identity ?? "") : elsewhere;
      const here = messages.filter((message) => message.index >= (line ?? 0) && message.author !== me?.identity);
      patchLog(sid, { line, lineCount: line === null ? 0 : Math.max(rooms[sid]?.unread ?? 0, here.length) });
    },

    /** What the log shows: the last row in view, or null. */
    sees(sid: string, index: number | null): void {
      inView = index === null ? null : { sid, index };
      look();
    },

    /** Whether what arrives at the end of this room is read at once. */
    isWatched(sid: string): boolean {
      const { openSid, logs } = store.getState();
      const log = logs[sid];
      return sid === openSid && attention.now() && !held && Boolean(log?.loaded && log.atEnd && !log.hasNewer);
    },

    /** Somebody else's message came into the open room. */
    arrived(sid: string, index: number): void {
      const log = store.getState().logs[sid];
      if (!log?.loaded) return;
      if (log.line !== null) patchLog(sid, { line: log.line, lineCount: log.lineCount + 1 });
      else if (!this.isWatched(sid)) patchLog(sid, { line: index, lineCount: 1 });
    },

    /** Somebody sends: what is above has been read. */
    sends(sid: string): void {
      if (sid === store.getState().openSid) held = false;
      patchLog(sid, { line: null, lineCount: 0 });
    },

    /** One's own message is in the log. */
    sent: advance,

    markRead,

    /** Shift+Esc. */
    async markAllRead(): Promise<void> {
      const rooms = Object.values(store.getState().rooms).filter((room) => room.unread !== 0);
      for (const room of rooms) await markRead(room.sid);
    },

    async markUnread(sid: string, index: number): Promise<void> {
      const conversation = live.conversations.get(sid);
      if (!conversation) return;
      if (sid === store.getState().openSid) held = true;
      dwell.stop();
      await settle(sid);
      const horizon = index > 0 ? index - 1 : null;
      await unread.setHorizon(sid, horizon, () => conversation.updateLastReadMessageIndex(horizon));
      setReadTo(sid, horizon);
      patchLog(sid, { line: index, lineCount: store.getState().rooms[sid]?.unread ?? 0 });
    },

    /** Connected again: reports that failed are repeated, and the counts asked for. */
    resume(): void {
      for (const [sid, report] of reports) start(sid, report);
      unread.recount(true);
    },

    /** Answers of the client before do not come any more. */
    newClient(): void {
      const open = [...reports].filter(([, report]) => report.wanted > report.done);
      reports = new Map(
        open.map(([sid, { wanted, done }]) => [sid, { wanted, done, running: null, call: null, wake: () => {} }]),
      );
      unread.newClient();
    },
  };
}
