import type { Live } from "./live";
import { merge, nearest, reconcile, toMessage } from "./messages";
import type { Aim, ChatMessage, Load, Place, RoomLog } from "./model";
import { type ChatStore, emptyLog } from "./store";
import type { SdkConversation, SdkMessage, SdkPage } from "./surface";

export const pageSize = 40;
/** What a broken connection missed is fetched in pages of this size, the most that the service gives. */
const gapPage = 100;
/** A longer gap is not filled: it is loaded by scrolling, or left behind. */
const mostPagesToFill = 3;
/** Longest stretch kept of a room; past it the end away from the reader is dropped, and loaded again by scrolling there. */
export const mostMessages = 320;
/** Rooms whose messages are kept after they were left. */
const mostRooms = 5;

export type History = ReturnType<typeof createHistory>;

/** A load under way, and what happens meanwhile: the answer may be older than that. */
interface Run {
  what: Load;
  done: Promise<void>;
  arrived: ChatMessage[];
  removed: Set<string>;
}

type Work = (conversation: SdkConversation, run: Run) => Promise<void>;

/** Loads stretches of rooms' messages into the store, and keeps them without gaps. */
export function createHistory(store: ChatStore, live: Live, nameAuthors: (identities: Iterable<string>) => void) {
  const log = (sid: string): RoomLog => store.getState().logs[sid] ?? emptyLog;
  const patch = (sid: string, change: Partial<RoomLog>) =>
    store.change("logs", sid, (entry) => ({ ...(entry ?? emptyLog), ...change }));
  const running = new Map<string, Run>();
  /** What failed, to be tried again. */
  const failures = new Map<string, () => Promise<void>>();
  /** Rooms that were opened, the latest last. */
  let recent: string[] = [];

  /** Messages of the server: named, under the keys of the rows that they answer, and those rows are taken out of the outbox. */
  function receive(sid: string, incoming: ChatMessage[]): ChatMessage[] {
    nameAuthors(new Set(incoming.flatMap(({ system, author }) => (system ? peopleIn(system) : author))));
    const { me, outbox } = store.getState();
    const waiting = outbox[sid] ?? [];
    const named = incoming.map((message) => {
      const mine = waiting.find(
        (row) => row.index === message.index || (row.cid === message.cid && message.author === me?.identity),
      );
      return mine ? { ...message, key: mine.cid } : message;
    });
    const arrived = new Set(named.map((message) => message.key));
    if (waiting.some((row) => arrived.has(row.cid))) {
      store.change("outbox", sid, (rows) => rows?.filter((row) => !arrived.has(row.cid)));
    }
    return named;
  }

  /** Runs one load at a time a room, and says in the store that it runs and that it failed. `again` is how to retry it. */
  function load(sid: string, what: Load, work: Work, again = () => load(sid, what, work)): Promise<void> {
    const conversation = live.conversations.get(sid);
    if (!conversation) return Promise.resolve();
    patch(sid, { loading: what, failed: null });
    failures.delete(sid);
    const run: Run = { what, done: Promise.resolve(), arrived: [], removed: new Set() };
    const finish = (change: Partial<RoomLog>) => {
      if (running.get(sid) !== run) return; // a newer client has taken over
      running.delete(sid);
      patch(sid, { loading: null, ...change });
    };
    running.set(sid, run);
    run.done = work(conversation, run).then(
      () => finish({}),
      () => {
        failures.set(sid, again);
        // What could not be filled is a gap: the log ends before it, and says so.
        finish(what === "refresh" ? { hasNewer: true, failed: "newer" } : { failed: what });
      },
    );
    return run.done;
  }

  const taken = (run: Run, ...pages: SdkPage<SdkMessage>[]) =>
    pages.flatMap((page) => page.items.map(toMessage)).filter((message) => !run.removed.has(message.sid));

  /** Puts a loaded stretch into the log; its end away from what was loaded is dropped when it gets too long. */
  function put(
    sid: string,
    run: Run,
    fetched: ChatMessage[],
    change: (known: RoomLog, named: ChatMessage[]) => Partial<RoomLog>,
  ) {
    if (running.get(sid) !== run) return;
    const named = receive(sid, fetched);
    const known = log(sid);
    const next = { ...known, loaded: true, ...change(known, named) };
    if (!next.hasNewer) next.messages = merge(run.arrived, next.messages);
    const up = run.what === "older" || (run.what === "refresh" && !known.atEnd);
    store.change("logs", sid, () => cut(next, up ? "newer" : "older"));
  }

  async function fetchOlder(sid: string, conversation: SdkConversation, run: Run): Promise<void> {
    const oldest = log(sid).messages[0]?.index ?? 0;
    const page = await conversation.getMessages(pageSize, oldest - 1);
    put(sid, run, taken(run, page), (known, named) => ({
      messages: merge(known.messages, named),
      hasOlder: page.hasPrevPage && page.items.length > 0,
    }));
  }

  async function fetchNewer(sid: string, conversation: SdkConversation, run: Run): Promise<void> {
    const newest = log(sid).messages.at(-1)?.index ?? -1;
    const page = await conversation.getMessages(pageSize, newest + 1, "forward");
    put(sid, run, taken(run, page), (known, named) => ({
      messages: merge(known.messages, named),
      hasNewer: page.hasNextPage && page.items.length > 0,
    }));
  }

  async function fetchNewest(sid: string, conversation: SdkConversation, run: Run): Promise<void> {
    const page = await conversation.getMessages(pageSize);
    const first = page.items[0]?.index ?? 0;
    put(sid, run, taken(run, page), (known, named) => {
      const newest = known.messages.at(-1)?.index ?? -1;
      const connects = known.loaded && newest >= first - 1;
      const keepsOlder = connects && known.messages.some((message) => message.index < first);
      return {
        messages: named.length ? reconcile(known.messages, named, connects) : [],
        hasOlder: keepsOlder ? known.hasOlder : page.hasPrevPage,
        hasNewer: false,
      };
    });
  }

  /** The stretch around an index. The SDK's pages are right only in their own direction, so it takes two. */
  async function fetchAround(sid: string, index: number, conversation: SdkConversation, run: Run): Promise<void> {
    const [before, after] = await Promise.all([
      index > 0
        ? conversation.getMessages(pageSize / 2, index - 1)
        : { items: [], hasPrevPage: false, hasNextPage: true },
      conversation.getMessages(pageSize, index, "forward"),
    ]);
    if (before.items.length + after.items.length === 0) return fetchNewest(sid, conversation, run);
    put(sid, run, taken(run, before, after), (_, named) => ({
      messages: named,
      hasOlder: before.hasPrevPage,
      hasNewer: after.hasNextPage && after.items.length > 0,
    }));
  }

  /**
   * Reads forward what may have been missed since `from`. With `whole` that is the stretch itself too: a client that is new
   * does not hear of what was edited and removed before it.
   */
  async function fetchMissed(sid: string, whole: boolean, conversation: SdkConversation, run: Run): Promise<void> {
    const { messages, hasNewer, atEnd } = log(sid);
    const end = messages.at(-1)?.index ?? -1;
    const from = whole ? (messages[0]?.index ?? 0) : end + 1;
    const fetched: ChatMessage[] = [];
    let more = true;
    const enough = () => hasNewer && (fetched.at(-1)?.index ?? -1) >= end;
    const most = mostPagesToFill + (whole ? Math.ceil(messages.length / gapPage) : 0);
    for (let pages = 0; more && !enough() && pages < most; pages++) {
      const page = await conversation.getMessages(gapPage, (fetched.at(-1)?.index ?? from - 1) + 1, "forward");
      fetched.push(...page.items.map(toMessage));
      more = page.hasNextPage && page.items.length > 0;
    }
    if (more && !hasNewer && atEnd) return fetchNewest(sid, conversation, run); // too far behind: start anew
    const inside = fetched.filter((message) => !run.removed.has(message.sid) && (!hasNewer || message.index <= end));
    put(sid, run, inside, (known, named) => ({
      messages: replace(known.messages, named, from),
      hasNewer: hasNewer || more,
    }));
  }

  /** When it fails the log ends before the gap, and what is behind it is loaded as newer messages. */
  function refill(sid: string, whole: boolean): Promise<void> {
    const again = async () => {
      if (whole) await refill(sid, true);
      if (!log(sid).failed) await newer(sid);
    };
    return load(sid, "refresh", (conversation, run) => fetchMissed(sid, whole, conversation, run), again);
  }

  async function newer(sid: string): Promise<void> {
    if (!log(sid).loaded || !log(sid).hasNewer || running.has(sid)) return;
    await load(sid, "newer", (conversation, run) => fetchNewer(sid, conversation, run));
  }

  const covers = ({ loaded, messages, hasOlder, hasNewer }: RoomLog, index: number) =>
    loaded &&
    (!hasOlder || (messages[0]?.index ?? 0) <= index) &&
    (!hasNewer || (messages.at(-1)?.index ?? -1) >= index);

  const aim = (sid: string, target: Aim) => patch(sid, { aim: target });

  /** Waits for a load under way, which may bring what is wanted, and loads the stretch if it does not. */
  async function show(sid: string, index: number): Promise<boolean> {
    await running.get(sid)?.done;
    if (!covers(log(sid), index))
      await load(sid, "window", (conversation, run) => fetchAround(sid, index, conversation, run));
    return covers(log(sid), index);
  }

  async function latest(sid: string): Promise<void> {
    await running.get(sid)?.done;
    const { loaded, hasNewer } = log(sid);
    if (!loaded || hasNewer) await load(sid, "window", (conversation, run) => fetchNewest(sid, conversation, run));
  }

  return {
    latest,

    /** The room is opened: its latest messages, or those around `horizon` when more than a page is unread. */
    async open(sid: string, horizon: number | null, newest: number): Promise<void> {
      recent = [...recent.filter((other) => other !== sid), sid].slice(-mostRooms);
      for (const other of Object.keys(store.getState().logs)) {
        if (!recent.includes(other)) store.change("logs", other, () => undefined);
      }
      patch(sid, { unseen: [] });
      // Whoever never read here has no place to go on from. Indexes have gaps, so this counts at least as many as there are.
      if (horizon !== null && newest - horizon > pageSize) await show(sid, horizon + 1);
      else await latest(sid);
    },

    /** Takes the reader to a message, or to its neighbour when it is gone. */
    async jump(sid: string, index: number, at: "third" | "middle"): Promise<void> {
      if (!(await show(sid, index))) return;
      const found = nearest(log(sid).messages, index)?.index;
      if (found === undefined) return;
      aim(sid, at === "third" ? { at, index: found } : { at, index: found, missing: found !== index });
    },

    async toLatest(sid: string): Promise<void> {
      await latest(sid);
      if (log(sid).loaded && !log(sid).hasNewer) aim(sid, { at: "end" });
    },

    /** The reader is where the aim was. */
    arrivedAt: (sid: string): void => patch(sid, { aim: null }),
    leftAt: (sid: string, place: Place): void =>
      store.change("logs", sid, (entry) => entry && { ...entry, place, aim: null }),
    atEnd(sid: string, atEnd: boolean): void {
      const { atEnd: before, unseen, loaded } = log(sid);
      if (loaded && (before !== atEnd || (atEnd && unseen.length))) patch(sid, { atEnd, unseen: atEnd ? [] : unseen });
    },

    async older(sid: string): Promise<void> {
      if (!log(sid).loaded || !log(sid).hasOlder || running.has(sid)) return;
      await load(sid, "older", (conversation, run) => fetchOlder(sid, conversation, run));
    },

    newer,

    /** Tries again what failed. */
    async retry(sid: string): Promise<void> {
      const again = failures.get(sid);
      patch(sid, { failed: null });
      await again?.();
    },

    /** Fetches what a broken connection, or with `whole` a new client, has missed. */
    async refresh(sid: string, whole = false): Promise<void> {
      await running.get(sid)?.done;
      if (!log(sid).loaded) return latest(sid);
      if (failures.has(sid)) await this.retry(sid);
      if (!log(sid).hasNewer || whole) {
        await refill(sid, whole);
      }
      if (log(sid).hasNewer && store.getState().outbox[sid]?.length) {
        const page = await live.conversations
          .get(sid)
          ?.getMessages(pageSize)
          .catch(() => null);
        if (page) receive(sid, page.items.map(toMessage)); // only the rows that got through, beyond what is shown
      }
    },

    /** A live message. Rooms that were never opened keep none. */
    arrived(sid: string, message: SdkMessage, byOther: boolean): void {
      const run = running.get(sid);
      const known = log(sid);
      if (!run && !known.loaded && !store.getState().outbox[sid]?.length) return;
      const [named] = receive(sid, [toMessage(message)]);
      if (!named) return;
      run?.arrived.push(named);
      const unseen = byOther && known.loaded && !known.atEnd ? [...known.unseen, named.index] : known.unseen;
      const adds = known.loaded && !known.hasNewer && run?.what !== "refresh";
      const messages = adds ? merge(known.messages, [named]) : known.messages;
      if (known.loaded)
        store.change("logs", sid, () => cut({ ...known, messages, unseen }, known.atEnd ? "older" : "newer"));
    },

    updated(sid: string, message: SdkMessage): void {
      const run = running.get(sid);
      if (run?.arrived.some((known) => known.sid === message.sid))
        run.arrived = merge(run.arrived, [toMessage(message)]);
      if (log(sid).messages.some((known) => known.sid === message.sid)) {
        patch(sid, { messages: merge(log(sid).messages, receive(sid, [toMessage(message)])) });
      }
    },

    removed(sid: string, message: SdkMessage): void {
      const run = running.get(sid);
      run?.removed.add(message.sid);
      if (run) run.arrived = run.arrived.filter((known) => known.sid !== message.sid);
      store.change("logs", sid, (entry) =>
        entry?.messages.some((known) => known.sid === message.sid) || entry?.unseen.includes(message.index)
          ? {
              ...entry,
              messages: entry.messages.filter((known) => known.sid !== message.sid),
              unseen: entry.unseen.filter((index) => index !== message.index),
            }
          : entry,
      );
    },

    /** The room is no longer this person's. */
    forget(sid: string): void {
      running.delete(sid);
      failures.delete(sid);
      store.change("logs", sid, () => undefined);
    },

    /** Loads of the client before count no more, and rooms that are not open are loaded again when they are. */
    newClient(): void {
      running.clear();
      failures.clear();
      const { logs, openSid } = store.getState();
      recent = openSid ? [openSid] : [];
      const open = openSid ? logs[openSid] : undefined;
      store.setState({ logs: openSid && open ? { [openSid]: { ...open, loading: null, failed: null } } : {} });
    },
  };
}

/** Keeps a log from growing without bounds: `end` is the one that the reader is not at. */
function cut(log: RoomLog, end: "older" | "newer"): RoomLog {
  const { messages } = log;
  if (messages.length <= mostMessages) return log;
  return end === "older"
    ? { ...log, messages: messages.slice(-mostMessages), hasOlder: true }
    : { ...log, messages: messages.slice(0, mostMessages), hasNewer: true };
}

/** From index `from` on the fetched messages are the right ones; what is known before stays, and what came after them. */
function replace(known: ChatMessage[], fetched: ChatMessage[], from: number): ChatMessage[] {
  const keys = new Map(known.map((message) => [message.sid, message.key]));
  const before = known.filter((message) => message.index < from);
  return [...before, ...fetched.map((message) => ({ ...message, key: keys.get(message.sid) ?? message.key }))];
}

function peopleIn(note: NonNullable<ChatMessage["system"]>): string[] {
  if (note.type === "other") return [];
  return "who" in note ? [note.by, ...note.who] : [note.by];
}
