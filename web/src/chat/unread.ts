import type { Live } from "./live";
import type { ChatStore } from "./store";
import type { SdkConversation } from "./surface";

/** Questions about counts wait this long, so that several reasons to ask become one question. */
const askAfter = 300;
/** Rooms asked about at the same time. */
const atOnce = 4;
/** Coming back to the window asks for all counts again, but not more often than this. */
const recountEvery = 30_000;

export type Unread = ReturnType<typeof createUnread>;

/**
 * How many messages are unread, a room. The server counts; between its answers we add what arrives. Nothing is asked of a
 * room whose last message is behind the read horizon. An answer that something has overtaken is not used but asked again.
 */
export function createUnread(store: ChatStore, live: Live) {
  /** Raised by whatever changes a room's count. */
  const versions = new Map<string, number>();
  /** The newest message heard of; the SDK's own `lastMessage` is up to a second late. */
  const newest = new Map<string, number>();
  /** Read horizons that this page has set: the event that tells of them is no news. */
  const own = new Map<string, number | null>();
  const wanted = new Set<string>();
  let asking = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let recounted = 0;

  const touch = (sid: string) => versions.set(sid, (versions.get(sid) ?? 0) + 1);
  const set = (sid: string, unread: number) =>
    store.change("rooms", sid, (room) => (room && room.unread !== unread ? { ...room, unread } : room));
  const lastIndex = (conversation: SdkConversation) =>
    Math.max(conversation.lastMessage?.index ?? -1, newest.get(conversation.sid) ?? -1);

  function soon(sid: string): void {
    wanted.add(sid);
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      for (let more = wanted.size; more > 0 && asking < atOnce; more--) askAll();
    }, askAfter);
  }

  async function askAll(): Promise<void> {
    asking += 1;
    for (const sid of wanted) {
      wanted.delete(sid);
      await ask(sid);
    }
    asking -= 1;
  }

  async function ask(sid: string): Promise<void> {
    const conversation = live.conversations.get(sid);
    if (!conversation) return;
    try {
      // Without a horizon nothing was ever read.
      await take(sid, async () => (await conversation.getUnreadMessagesCount()) ?? conversation.getMessagesCount());
    } catch {
      // The next reconnect or look at the window asks again.
    }
  }

  /** Uses the count that a call comes to, unless something has changed meanwhile. */
  async function take(sid: string, call: () => Promise<number>): Promise<void> {
    const { client } = live;
    const version = versions.get(sid);
    const count = await call();
    if (live.client !== client) return;
    if (versions.get(sid) === version) set(sid, count);
    else soon(sid);
  }

  /** From scratch: what a new client, or a moved horizon, says. */
  function look(conversation: SdkConversation): void {
    const { sid } = conversation;
    touch(sid);
    if (lastIndex(conversation) > (conversation.lastReadMessageIndex ?? -1)) soon(sid);
    else set(sid, 0);
  }

  return {
    look,

    newest: (sid: string): number => {
      const conversation = live.conversations.get(sid);
      return conversation ? lastIndex(conversation) : -1;
    },

    /** A live message; it counts when somebody else wrote it and the reader is not looking. */
    arrived(sid: string, index: number, counts: boolean): void {
      newest.set(sid, Math.max(index, newest.get(sid) ?? -1));
      const room = store.getState().rooms[sid];
      if (!counts || !room || index <= (room.readTo ?? -1)) return;
      touch(sid);
      if (room.unread === null) soon(sid);
      else set(sid, room.unread + 1);
    },

    /** The room says what its last message is: one that was not heard of came while the SDK was opening the room. */
    told(conversation: SdkConversation): void {
      const index = conversation.lastMessage?.index ?? -1;
      if (index <= (newest.get(conversation.sid) ?? -1)) return;
      newest.set(conversation.sid, index);
      look(conversation);
    },

    removed(sid: string, index: number): void {
      const room = store.getState().rooms[sid];
      if (room?.unread && index > (room.readTo ?? -1)) {
        touch(sid);
        soon(sid);
      }
    },

    /** The horizon has moved, perhaps in another tab. */
    moved(conversation: SdkConversation): void {
      const { sid, lastReadMessageIndex } = conversation;
      const known = own.has(sid) && own.get(sid) === lastReadMessageIndex;
      own.delete(sid);
      if (!known) look(conversation);
    },

    /** Sets the horizon by `call`, whose answer is the new count. `count` is shown until then, if it is known. */
    async setHorizon(sid: string, index: number | null, call: () => Promise<number>, count?: number): Promise<void> {
      own.set(sid, index);
      touch(sid);
      if (count !== undefined) set(sid, count);
      await take(sid, call);
    },

    /** After a reconnect, or when the person comes back to the window. */
    recount(always: boolean): void {
      if (!always && Date.now() - recounted < recountEvery) return;
      recounted = Date.now();
      for (const conversation of live.conversations.values()) {
        const { sid } = conversation;
        if (lastIndex(conversation) > (conversation.lastReadMessageIndex ?? -1)) soon(sid);
        else if (store.getState().rooms[sid]?.unread) look(conversation);
      }
    },

    newClient(): void {
      newest.clear();
      own.clear();
      wanted.clear();
    },
  };
}
