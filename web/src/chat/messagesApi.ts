import { call } from "./api";
import type { Level } from "./model";
import type { Profile } from "./peopleApi";

/** Messages over the chat application's HTTP (docs/chat-api.md): what the SDK does not tell, or may not do. */

/** Everybody who reacted so, in the order of time. */
export interface ReactionList {
  emoji: string;
  people: Profile[];
}

/** What a page that starts cannot learn from the SDK, by room SID. */
export interface Unreads {
  /** The latest messages that mention this person, by index. */
  mentions: Record<string, number[]>;
  levels: Record<string, Level>;
}

const roomOf = (room: string) => `/api/rooms/${encodeURIComponent(room)}`;
const messageOf = (room: string, message: string) => `${roomOf(room)}/messages/${encodeURIComponent(message)}`;

export const messagesApi = {
  edit: (room: string, message: string, body: string, mentions: string[]) =>
    call<void>("POST", `${messageOf(room, message)}/edit`, { body, mentions }),
  /** `last`: the page goes, and does not wait for the answer. */
  remove: (room: string, message: string, last = false) =>
    call<void>("DELETE", messageOf(room, message), undefined, last),
  /** Adds one's reaction, or takes it back. */
  react: (room: string, message: string, emoji: string, on: boolean) =>
    call<void>("POST", `${messageOf(room, message)}/reactions`, { emoji, on }),
  reactions: async (room: string, message: string) =>
    (await call<{ reactions: ReactionList[] }>("GET", `${messageOf(room, message)}/reactions`)).reactions,
  pin: (room: string, message: string, on: boolean) =>
    call<void>(on ? "PUT" : "DELETE", `${messageOf(room, message)}/pin`),

  unreads: () => call<Unreads>("GET", "/api/unreads"),
  setLevel: (room: string, level: Level) => call<void>("PUT", `${roomOf(room)}/level`, { level }),
};

export type MessagesApi = typeof messagesApi;
