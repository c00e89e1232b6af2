/** What the page knows: plain immutable values, a projection of the SDK's objects. Times are milliseconds since 1970. */

export interface Me {
  identity: string;
  name: string;
}

export interface Room {
  sid: string;
  /** As made by `flask chatrooms create`, usually with a leading `#`. */
  name: string;
  /** Direct messages carry no name that is shown: they are called after the others. */
  kind: "room" | "dm";
  /** Who is in a direct message besides this person, also when they have left it. */
  others: string[];
  topic: string;
  archived: boolean;
  isPrivate: boolean;
  /** Everybody who signs up is put into it. */
  isDefault: boolean;
  createdBy: string | null;
  createdAt: number | null;
  /** Messages behind the read horizon; null while it is not known. */
  unread: number | null;
  /** This person's read horizon: the index of the last message read; null when there is none. */
  readTo: number | null;
  /** When the last message was written. */
  lastAt: number | null;
  muted: boolean;
  /** The latest first. */
  pins: Pin[];
}

/** A message that is pinned to its room. */
export interface Pin {
  /** The message's. */
  sid: string;
  index: number;
  by: string;
  at: number;
}

/** A room of which only the name is known, before the client has found it. */
export const unknownRoom: Room = {
  sid: "",
  name: "",
  kind: "room",
  others: [],
  topic: "",
  archived: false,
  isPrivate: false,
  isDefault: false,
  createdBy: null,
  createdAt: null,
  unread: null,
  readTo: null,
  lastAt: null,
  muted: false,
  pins: [],
};

export interface ChatMessage {
  sid: string;
  /** Ascending in the room, with gaps. */
  index: number;
  author: string;
  body: string;
  sentAt: number;
  /** The sender's own id for this message, by which a client recognises what it sent. */
  cid: string | null;
  /** The row keeps this key when it replaces the row of the message being sent. */
  key: string;
  /** What happened to the room, when the chat application tells it. */
  system: SystemNote | null;
  /** When its text was changed last; null when it never was. */
  editedAt: number | null;
  /** What it answers to. */
  quote: Quote | null;
  /** The identities that it mentions, and `@room` for everybody. */
  mentions: string[];
  /** In the order of their first use. */
  reactions: Reaction[];
  files: Attachment[];
}

/** The message that another one answers to, as it was then: it stays when that message is deleted. */
export interface Quote {
  sid: string;
  index: number;
  author: string;
  text: string;
}

export interface Reaction {
  emoji: string;
  count: number;
  /** The first of them; all, unless `count` says that there are more. */
  people: string[];
}

/** A file of a message. Its address is asked for when it is needed, and lives for minutes. */
export interface Attachment {
  sid: string;
  name: string;
  type: string;
  /** Bytes. */
  size: number;
  /** Of a picture, in CSS pixels, as its sender said; null when it is not known. */
  width: number | null;
  height: number | null;
}

/** What the chat application says of a room, as `docs/chat-api.md` lists it. */
export type SystemNote =
  | { type: "renamed"; by: string; from: string; to: string }
  | { type: "topic"; by: string; topic: string }
  | { type: "archived" | "unarchived"; by: string }
  | { type: "added" | "removed" | "moderator" | "not_moderator"; by: string; who: string[] }
  /** Of a kind that this page does not know: the message's own text tells it. */
  | { type: "other" };

/**
 * A message that this page sends. `cutOff`: the connection broke before the answer, so the server may have it, and it is
 * repeated by itself; `refused`: the server said no, or the upload was stopped, or nobody can tell what became of it: only
 * the person sends it again.
 */
export interface Outgoing {
  cid: string;
  text: string;
  createdAt: number;
  status: "queued" | "sending" | "sent" | "cutOff" | "refused";
  quote: Quote | null;
  mentions: string[];
  files: OutgoingFile[];
  /** When it was first sent, and the index of the newest message then; not there while the server cannot have it. */
  tried?: { at: number; after: number };
  /** Why it was refused, in the server's words. */
  reason?: string;
  /** What it became, once it was sent. */
  index?: number;
}

/** A file that was chosen to be sent. */
export interface OutgoingFile {
  id: string;
  content: Blob;
  name: string;
  type: string;
  /** Of a picture; null for anything else. */
  width: number | null;
  height: number | null;
}

/** What is to be sent. */
export type NewMessage = Pick<Outgoing, "text" | "quote" | "mentions" | "files">;

/** What is typed into a room's composer and not sent yet, besides its text. */
export interface Draft {
  quote: Quote | null;
  /** The author of what it answers to is not told. */
  silent?: boolean;
  /** They do not survive the page. */
  files: OutgoingFile[];
}

/** What of a room this person is told of while elsewhere; muted rooms tell nothing. */
export type Level = "all" | "mentions";

/** What is being loaded: one end of the log, another stretch of it, or what a broken connection may have missed. */
export type Load = "older" | "newer" | "window" | "refresh";

/** Where the reader is to be taken. */
export type Aim =
  | { at: "end" }
  /** The New line, or a message, at a third of the height. */
  | { at: "third"; index: number }
  /** A message that was asked for: in the middle, glowing. `missing`: it is no longer there, its neighbour is shown. */
  | { at: "middle"; index: number; missing: boolean };

/** The place that a reader left, by the row on top; null is the end. */
export type Place = { index: number; offset: number } | null;

/** A stretch of a room's messages without a gap. */
export interface RoomLog {
  messages: ChatMessage[];
  hasOlder: boolean;
  /** The stretch does not reach the room's end: what arrives is not added to it. */
  hasNewer: boolean;
  loaded: boolean;
  loading: Load | null;
  failed: Load | null;
  /** The New line stands above the first message with this index or a later one. */
  line: number | null;
  /** How many messages were new when the line was drawn, and have come since. */
  lineCount: number;
  aim: Aim | null;
  place: Place;
  /** The reader follows what arrives. */
  atEnd: boolean;
  /** Others' messages that came while the reader was elsewhere in the log, by index. */
  unseen: number[];
}

export interface Member {
  sid: string;
  /** Null for people outside the browser. */
  identity: string | null;
  roleSid: string;
  /** Has read the messages up to this index. */
  readTo: number | null;
}

export interface Person {
  identity: string;
  name: string;
  /** The address of their picture. */
  avatar: string | null;
  /** Null where the service does not tell, and for people whom nobody looks at. */
  online: boolean | null;
}

export interface Gone {
  name: string;
  /** The SDK cannot tell a deleted room from one that the person was taken out of, unless it heard of the leave first. */
  why: "removed" | "gone";
  /** What was typed or sent there and did not get out. */
  unsent: string;
}

/** What somebody typed as a room's name, with the `#` that rooms have. */
export function roomName(typed: string): string {
  const name = typed.trim();
  return name && !name.startsWith("#") ? `#${name}` : name;
}

/** Room names carry their `#` in the data; the list and the header show a door instead. */
export function bareName(name: string): string {
  return name.startsWith("#") && name.length > 1 ? name.slice(1) : name;
}
