import type { Attention } from "./attention";
import type { Clock } from "./clock";
import { everybody } from "./mentions";
import { toMessage } from "./messages";
import type { MessagesApi, Unreads as Told } from "./messagesApi";
import type { ChatMessage, Level, Room } from "./model";
import type { ChatState, ChatStore } from "./store";
import type { SdkMessage } from "./surface";

/** The server hears of a message by webhook, a moment after the page: so long what was heard here counts more. */
const settled = 60_000;
/** Coming back to the window asks again, but not more often than this. */
const askEvery = 30_000;

export type Unreads = ReturnType<typeof createUnreads>;

/** How loud a room is for this person: direct messages tell of everything, rooms of mentions, unless something else was chosen. */
export function levelOf(room: Pick<Room, "sid" | "kind" | "muted">, levels: Record<string, Level>): Level | "muted" {
  if (room.muted) return "muted";
  return levels[room.sid] ?? (room.kind === "dm" ? "all" : "mentions");
}

/** How many unread messages of a room mention this person. */
export function mentionCount({ rooms, mentions }: Pick<ChatState, "rooms" | "mentions">, sid: string): number {
  const readTo = rooms[sid]?.readTo ?? -1;
  return mentions[sid]?.filter((index) => index > readTo).length ?? 0;
}

/** Whether a message is meant for this person. One's own never is. */
export const isFor = ({ author, mentions }: Pick<ChatMessage, "author" | "mentions">, me: string): boolean =>
  author !== me && (mentions.includes(me) || mentions.includes(everybody));

/** The messages that mention this person, in all rooms: asked for when the page starts, and then heard live. */
export function createUnreads(store: ChatStore, http: MessagesApi, clock: Clock, attention: Attention) {
  /** What was heard here a moment ago, by room and index: whether that message mentions this person. */
  const heard = new Map<string, Map<number, boolean>>();

  function note(sid: string, index: number, forMe: boolean): void {
    const room = heard.get(sid) ?? new Map<number, boolean>();
    heard.set(sid, room.set(index, forMe));
    clock.after(settled, () => room.delete(index));
    store.change("mentions", sid, (known = []) => with_(known, index, forMe));
  }

  function take({ mentions, levels }: Told): void {
    const rooms = new Set([...Object.keys(mentions), ...heard.keys()]);
    const after: Record<string, number[]> = {};
    for (const sid of rooms) {
      let known = mentions[sid] ?? [];
      for (const [index, forMe] of heard.get(sid) ?? []) known = with_(known, index, forMe);
      if (known.length > 0) after[sid] = known;
    }
    store.setState({ mentions: after, levels });
  }

  let asked = false;
  async function load(): Promise<void> {
    const { me } = store.getState();
    if (!me) return;
    asked = true;
    clock.after(askEvery, () => {
      asked = false;
    });
    try {
      const told = await http.unreads();
      if (store.getState().me?.identity === me.identity) take(told);
    } catch {
      // asked again with the next occasion
    }
  }

  const isReady = ({ connected, roomsReady }: ChatState) => connected && roomsReady;
  store.subscribe((state, before) => {
    if (state.me?.identity !== before.me?.identity) heard.clear();
    if (isReady(state) && !isReady(before)) load();
  });
  attention.watch(() => {
    if (attention.now() && isReady(store.getState()) && !asked) load();
  });

  return {
    /** A message that came, or was changed. */
    heard(message: SdkMessage): void {
      const { me, mentions } = store.getState();
      const { sid } = message.conversation;
      const forMe = isFor(toMessage(message), me?.identity ?? "");
      if (forMe !== Boolean(mentions[sid]?.includes(message.index))) note(sid, message.index, forMe);
    },

    removed(message: SdkMessage): void {
      const { sid } = message.conversation;
      if (store.getState().mentions[sid]?.includes(message.index)) note(sid, message.index, false);
    },

    /** Rejects with an ApiError when it was refused. */
    async setLevel(sid: string, level: Level): Promise<void> {
      const before = store.getState().levels[sid];
      store.change("levels", sid, () => level);
      try {
        await http.setLevel(sid, level);
      } catch (error) {
        store.change("levels", sid, () => before);
        throw error;
      }
    },
  };
}

/** With the index or without it, ascending; the same list when it is so already. */
function with_(known: number[], index: number, there: boolean): number[] {
  if (known.includes(index) === there) return known;
  return there ? [...known, index].sort((a, b) => a - b) : known.filter((one) => one !== index);
}
