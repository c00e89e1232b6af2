import type { Attention } from "./attention";
import type { Clock } from "./clock";
import { toMessage } from "./messages";
import { titleOf } from "./room";
import type { ChatStore } from "./store";
import type { SdkMessage } from "./surface";
import { isFor, levelOf } from "./unreads";

/** So long another tab, or another device, has to say that the message is being read there. */
const waits = 700;
/** A message that is older when it is heard of is no news: a connection was lost meanwhile. */
const oldest = 10 * 60_000;
/** So many within `burst`; of what comes above that, the last of each room is told when it has passed. */
const mostAtOnce = 3;
const burst = 5_000;

/** What is told of a message outside of the page. */
export interface Notice {
  sid: string;
  index: number;
  author: string;
  /** What the room is called; null for a direct message of two. */
  room: string | null;
  /** As it was typed. */
  text: string;
}

/** The browser's notifications, and the other tabs of this person. */
export interface Popups {
  /** Whether the person has them turned on here. */
  wanted(): boolean;
  /** In place of the one of the same room. */
  show(notice: Notice, onPress: () => void): void;
  close(sid?: string): void;
  /** Tells the other tabs that a message is being looked at. */
  tellSeen(sid: string, index: number): void;
  onSeen(heard: (sid: string, index: number) => void): void;
}

/** For a page that has no notifications. */
export const noPopups: Popups = {
  wanted: () => false,
  show: () => {},
  close: () => {},
  tellSeen: () => {},
  onSeen: () => {},
};

export type Notify = ReturnType<typeof createNotify>;

/** Tells of what is for this person while they look elsewhere: direct messages, mentions, and rooms that tell of everything. */
export function createNotify(store: ChatStore, attention: Attention, popups: Popups, clock: Clock, now = Date.now) {
  /** The latest of each room that is about to be told, and how to call that off. */
  const waiting = new Map<string, { index: number; callOff: () => void }>();
  let recent = 0;
  let open: (sid: string, index: number) => void = () => {};

  function seen(sid: string, index: number): void {
    const next = waiting.get(sid);
    if (!next || next.index > index) return;
    next.callOff();
    waiting.delete(sid);
  }

  function isNews(message: SdkMessage): boolean {
    const { me, rooms, levels } = store.getState();
    const room = rooms[message.conversation.sid];
    if (!room || !me || message.author === me.identity || message.index <= (room.readTo ?? -1)) return false;
    if (now() - (message.dateCreated?.getTime() ?? 0) > oldest) return false;
    const level = levelOf(room, levels);
    const told = toMessage(message);
    return level === "all" ? told.system === null : level === "mentions" && isFor(told, me.identity);
  }

  function plan(sid: string, index: number, message: SdkMessage, after: number): void {
    waiting.get(sid)?.callOff();
    waiting.set(sid, { index, callOff: clock.after(after, () => tell(sid, index, message)) });
  }

  function tell(sid: string, index: number, message: SdkMessage): void {
    waiting.delete(sid);
    const { rooms, people } = store.getState();
    const room = rooms[sid];
    if (!room || index <= (room.readTo ?? -1)) return;
    store.setState({ noticed: true });
    if (!popups.wanted()) return;
    if (recent >= mostAtOnce) {
      plan(sid, index, message, burst);
      return;
    }
    recent += 1;
    clock.after(burst, () => {
      recent -= 1;
    });
    const author = message.author ?? "";
    const notice = {
      ...{ sid, index, author: people[author]?.name ?? author },
      room: room.kind === "dm" && room.others.length === 1 ? null : titleOf(room, people),
      text: message.body ?? "",
    };
    popups.show(notice, () => open(sid, index));
  }

  popups.onSeen(seen);
  function stop(): void {
    for (const { callOff } of waiting.values()) callOff();
    waiting.clear();
    popups.close();
  }
  store.subscribe((state, before) => {
    if (state.phase !== before.phase && state.phase !== "signedIn") stop();
    if (state.rooms === before.rooms) return;
    for (const [sid, room] of Object.entries(before.rooms)) {
      const readTo = state.rooms[sid]?.readTo ?? null;
      if (state.rooms[sid] && readTo === room.readTo) continue;
      if (readTo !== null) seen(sid, readTo);
      popups.close(sid); // read, here or elsewhere, or no longer this person's
    }
  });

  return {
    /** A message came into one of the rooms. */
    arrived(message: SdkMessage): void {
      const { sid } = message.conversation;
      if (attention.now() && store.getState().openSid === sid) popups.tellSeen(sid, message.index);
      else if (isNews(message)) plan(sid, message.index, message, waits);
    },

    /** Where a press on a notification leads. */
    onOpen(lead: (sid: string, index: number) => void): void {
      open = lead;
    },
  };
}
