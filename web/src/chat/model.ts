/** What the page knows: plain immutable values, a projection of the SDK's objects. Times are milliseconds since 1970. */

export interface Me {
  identity: string;
  name: string;
}

export interface Room {
  sid: string;
  /** As made by `flask chatrooms create`, usually with a leading `#`. */
  name: string;
  isPrivate: boolean;
  createdBy: string | null;
  createdAt: number | null;
  /** A message came in while nobody looked. */
  unread: boolean;
}

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
}

/**
 * A message that this page sends. `cutOff`: the connection broke before the answer, so the server may have it;
 * `refused`: the server said no.
 */
export interface Outgoing {
  cid: string;
  text: string;
  createdAt: number;
  status: "queued" | "sending" | "sent" | "cutOff" | "refused";
  /** Why it was refused, in the server's words. */
  reason?: string;
  /** What it became, once it was sent. */
  index?: number;
}

export interface RoomLog {
  messages: ChatMessage[];
  hasOlder: boolean;
  /** The newest page was loaded at least once. */
  loaded: boolean;
  busy: boolean;
  failed: boolean;
}

export interface Member {
  sid: string;
  /** Null for people outside the browser. */
  identity: string | null;
}

export interface Person {
  identity: string;
  name: string;
  /** Null where the service does not tell. */
  online: boolean | null;
}

export interface Gone {
  name: string;
  /** The SDK cannot tell a deleted room from one that the person was taken out of, unless it heard of the leave first. */
  why: "removed" | "gone";
  /** What was typed or sent there and did not get out. */
  unsent: string;
}

/** Room names carry their `#` in the data; the list and the header show a door instead. */
export function bareName(name: string): string {
  return name.startsWith("#") && name.length > 1 ? name.slice(1) : name;
}
