import { createStore } from "zustand/vanilla";
import type { Session } from "./api";
import type { Draft, Gone, Level, Me, Member, Outgoing, Person, Room, RoomLog } from "./model";

export interface ChatState {
  /** `unreachable`: the page loaded but the server does not answer its first question. */
  phase: "starting" | "unreachable" | "signedOut" | "signedIn";
  setup: Pick<Session, "auth" | "signup">;
  /** The server ended the session; what was typed is kept for the same person. */
  sessionEnded: boolean;
  me: Me | null;
  connected: boolean;
  /** When the connection was lost or first asked for. */
  disconnectedAt: number;
  /** The client could not start at all, in technical words. */
  initError: string | null;
  /** The list of rooms is complete, no longer only what the sign-in answer said. */
  roomsReady: boolean;
  openSid: string | null;
  /** The message that the address names, by index. */
  openAt: number | null;
  /** Everything below is by room SID where nothing else is said; `people` is by identity. */
  rooms: Record<string, Room>;
  gone: Record<string, Gone>;
  logs: Record<string, RoomLog>;
  outbox: Record<string, Outgoing[]>;
  members: Record<string, Member[]>;
  /** Rooms of which it could not be found out who is in them. */
  membersFailed: Record<string, true>;
  typing: Record<string, string[]>;
  drafts: Record<string, string>;
  /** What goes with a draft's text: what it answers to, and files. */
  enclosures: Record<string, Draft>;
  /** The messages that mention this person, by index; which of them are unread `readTo` tells. */
  mentions: Record<string, number[]>;
  /** Of rooms for which this person has chosen one. */
  levels: Record<string, Level>;
  /** Something came that one may want to be told of while looking elsewhere. */
  noticed: boolean;
  /** Messages that were deleted here a moment ago, by SID: they are not shown while that can be taken back. */
  hidden: Record<string, true>;
  /** The message that is being edited in its place; with what was typed before, when that could not be saved. */
  editing: Record<string, { index: number; text: string | null }>;
  /** This person's reactions that are on their way, by the message's SID and the emoji: whether it is to be there. */
  reacting: Record<string, Record<string, boolean>>;
  /** How much of its files has been sent, from 0 to 1, by the cid of an outgoing message. */
  uploads: Record<string, number>;
  people: Record<string, Person>;
}

const nobody = {
  sessionEnded: false,
  me: null,
  connected: false,
  disconnectedAt: 0,
  initError: null,
  roomsReady: false,
  openSid: null,
  openAt: null,
  rooms: {},
  gone: {},
  logs: {},
  outbox: {},
  members: {},
  membersFailed: {},
  typing: {},
  drafts: {},
  enclosures: {},
  mentions: {},
  levels: {},
  noticed: false,
  hidden: {},
  editing: {},
  reacting: {},
  uploads: {},
  people: {},
} satisfies Partial<ChatState>;

export type ChatStore = ReturnType<typeof createChatStore>;

export function createChatStore() {
  const store = createStore<ChatState>(() => ({
    phase: "starting",
    setup: { auth: "password", signup: "closed" },
    ...nobody,
  }));
  return Object.assign(store, {
    /** Forgets everything about the person who was signed in. */
    forget: () => store.setState(nobody),

    /** Changes one entry of a record; `undefined` removes it. An unchanged entry changes nothing. */
    change<K extends RecordKey>(
      field: K,
      key: string,
      update: (entry: ChatState[K][string] | undefined) => ChatState[K][string] | undefined,
    ): void {
      store.setState((state) => {
        const record = state[field] as Record<string, ChatState[K][string]>;
        const before = record[key];
        const after = update(before);
        if (after === before) return state;
        const { [key]: _, ...others } = record;
        return { [field]: after === undefined ? others : { ...record, [key]: after } } as Partial<ChatState>;
      });
    },
  });
}

type RecordKey =
  | ("rooms" | "gone" | "logs" | "outbox" | "members" | "membersFailed" | "typing" | "people")
  | ("drafts" | "enclosures" | "mentions" | "levels" | "hidden" | "editing" | "reacting" | "uploads");

export const emptyLog: RoomLog = {
  messages: [],
  hasOlder: false,
  hasNewer: false,
  loaded: false,
  loading: null,
  failed: null,
  line: null,
  lineCount: 0,
  aim: null,
  place: null,
  atEnd: true,
  unseen: [],
};
