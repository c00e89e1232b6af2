import type { Live } from "./live";
import { merge, reconcile, toMessage } from "./messages";
import type { ChatMessage, RoomLog } from "./model";
import { type ChatStore, emptyLog } from "./store";
import type { SdkMessage, SdkPage } from "./surface";

const pageSize = 40;
/** A longer gap is not filled: what is older is loaded again by scrolling up. */
const mostPagesToFill = 5;
/** Rows kept while the reader is at the bottom. */
const mostRows = 400;

export type History = ReturnType<typeof createHistory>;

/** Loads messages into the store: the newest page, older pages, and what a broken connection may have missed. */
export function createHistory(store: ChatStore, live: Live, nameAuthors: (identities: Iterable<string>) => void) {
  const log = (sid: string): RoomLog => store.getState().logs[sid] ?? emptyLog;
  const patch = (sid: string, change: Partial<RoomLog>) =>
    store.change("logs", sid, (entry) => ({ ...(entry ?? emptyLog), ...change }));

  /** Puts messages into the log and takes the rows out of the outbox that they answer. */
  function add(
    sid: string,
    incoming: ChatMessage[],
    arrange: (known: ChatMessage[], named: ChatMessage[]) => ChatMessage[],
  ) {
    nameAuthors(new Set(incoming.map((message) => message.author)));
    const { me, outbox } = store.getState();
    const waiting = outbox[sid] ?? [];
    const named = incoming.map((message) => {
      const mine = waiting.find(
        (row) => row.index === message.index || (row.cid === message.cid && message.author === me?.identity),
      );
      return mine ? { ...message, key: mine.cid } : message;
    });
    const arrived = new Set(named.map((message) => message.key));
    store.setState((state) => ({
      logs: { ...state.logs, [sid]: { ...log(sid), messages: arrange(log(sid).messages, named) } },
      outbox: arrived.size
        ? { ...state.outbox, [sid]: (state.outbox[sid] ?? []).filter((entry) => !arrived.has(entry.cid)) }
        : state.outbox,
    }));
  }

  const running = new Map<string, Promise<void>>();

  /** Runs one load at a time a room, and says in the store that it runs and that it failed. */
  function load(sid: string, work: () => Promise<void>): Promise<void> {
    patch(sid, { busy: true, failed: false });
    const run: Promise<void> = work()
      .then(
        () => false,
        () => true,
      )
      .then((failed) => {
        if (running.get(sid) !== run) return; // a newer client has taken over
        running.delete(sid);
        patch(sid, { busy: false, failed });
      });
    running.set(sid, run);
    return run;
  }

  async function fetchNewest(sid: string): Promise<void> {
    const conversation = live.conversations.get(sid);
    if (!conversation) return;
    let page: SdkPage<SdkMessage> = await conversation.getMessages(pageSize);
    let fetched = page.items.map(toMessage);
    const reaches = () => {
      const newest = log(sid).messages.at(-1);
      const first = fetched[0];
      return newest === undefined || first === undefined || first.index <= newest.index + 1;
    };
    for (let pages = 1; !reaches() && page.hasPrevPage && pages < mostPagesToFill; pages++) {
      page = await page.prevPage();
      fetched = [...page.items.map(toMessage), ...fetched];
    }
    const known = log(sid);
    const connects = known.loaded && (reaches() || !page.hasPrevPage);
    const keepsOlder = connects && known.messages.some((message) => message.index < (fetched[0]?.index ?? 0));
    add(sid, fetched, (messages, page) => reconcile(messages, page, connects));
    patch(sid, { loaded: true, failed: false, hasOlder: keepsOlder ? known.hasOlder : page.hasPrevPage });
  }

  return {
    /** Loads the newest page of a room that was not loaded yet; again after a failure. */
    async open(sid: string): Promise<void> {
      if (log(sid).loaded || running.has(sid) || !live.conversations.has(sid)) return;
      await load(sid, () => fetchNewest(sid));
    },

    /** Fetches the newest messages again: fills what a broken connection, or a new client, has missed. */
    async refresh(sid: string): Promise<void> {
      await running.get(sid);
      if (live.conversations.has(sid)) await fetchNewest(sid).catch(() => {});
    },

    async older(sid: string): Promise<void> {
      const oldest = log(sid).messages[0];
      const conversation = live.conversations.get(sid);
      if (!oldest || !conversation || !log(sid).hasOlder || running.has(sid)) return;
      await load(sid, async () => {
        const page = await conversation.getMessages(pageSize, oldest.index - 1);
        add(sid, page.items.map(toMessage), merge);
        patch(sid, { hasOlder: page.hasPrevPage && page.items.length > 0 });
      });
    },

    /** A live message. Rooms that were never opened keep none. */
    arrived(sid: string, message: SdkMessage): void {
      if (log(sid).loaded || running.has(sid)) add(sid, [toMessage(message)], merge);
    },

    updated(sid: string, message: SdkMessage): void {
      if (log(sid).messages.some((known) => known.sid === message.sid)) add(sid, [toMessage(message)], merge);
    },

    removed(sid: string, message: SdkMessage): void {
      store.change("logs", sid, (entry) =>
        entry?.messages.some((known) => known.sid === message.sid)
          ? { ...entry, messages: entry.messages.filter((known) => known.sid !== message.sid) }
          : entry,
      );
    },

    /** Drops the oldest rows of a long log; call it only while the reader is at the bottom. */
    trim(sid: string): void {
      const { messages } = log(sid);
      if (messages.length > mostRows) patch(sid, { messages: messages.slice(-mostRows / 2), hasOlder: true });
    },

    /** Loads of the client before count no more, and rooms that are not open are loaded again when they are. */
    newClient(): void {
      running.clear();
      const { logs, openSid } = store.getState();
      const open = openSid ? logs[openSid] : undefined;
      store.setState({ logs: openSid && open ? { [openSid]: { ...open, busy: false } } : {} });
    },
  };
}
