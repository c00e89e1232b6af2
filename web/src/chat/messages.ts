import type { ChatMessage, Outgoing } from "./model";
import type { SdkMessage } from "./surface";

/** The sender's id in a message's attributes, or null: attributes can be anything that some client wrote. */
export function cidOf(attributes: unknown): string | null {
  const cid = (attributes as { cid?: unknown } | null)?.cid;
  return typeof cid === "string" && cid.length > 0 ? cid : null;
}

export function toMessage(message: SdkMessage): ChatMessage {
  return {
    sid: message.sid,
    index: message.index,
    author: message.author ?? "",
    body: message.body ?? "",
    sentAt: message.dateCreated?.getTime() ?? 0,
    cid: cidOf(message.attributes),
    key: message.sid,
  };
}

/** Adds or replaces messages by index; the result ascends. A known row keeps its key. */
export function merge(known: ChatMessage[], incoming: ChatMessage[]): ChatMessage[] {
  const byIndex = new Map(known.map((message) => [message.index, message]));
  for (const message of incoming) {
    const old = byIndex.get(message.index);
    byIndex.set(message.index, old?.sid === message.sid ? { ...message, key: old.key } : message);
  }
  return [...byIndex.values()].sort((a, b) => a.index - b.index);
}

/**
 * Brings the known messages in line with `page`, the server's newest messages without a gap. Inside its range the page is
 * right (what it lacks was deleted); newer known ones arrived while it was fetched. Older known ones stay only if they
 * connect to it, which `connects` says.
 */
export function reconcile(known: ChatMessage[], page: ChatMessage[], connects: boolean): ChatMessage[] {
  const first = page[0]?.index;
  const last = page.at(-1)?.index;
  if (first === undefined || last === undefined) return known;
  const older = connects ? known.filter((message) => message.index < first) : [];
  const newer = known.filter((message) => message.index > last);
  const keys = new Map(known.map((message) => [message.sid, message.key]));
  const middle = page.map((message) => ({ ...message, key: keys.get(message.sid) ?? message.key }));
  return [...older, ...middle, ...newer];
}

export type Row =
  | { kind: "day"; key: string; at: number }
  | { kind: "message"; key: string; first: boolean; message: ChatMessage }
  | { kind: "outgoing"; key: string; first: boolean; outgoing: Outgoing };

const groupWithin = 5 * 60_000;

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** The rows of a log: day dividers, messages grouped by author, and last what is still on its way. */
export function toRows(messages: ChatMessage[], outgoing: Outgoing[], me: string): Row[] {
  const rows: Row[] = [];
  let before: { author: string; at: number } | null = null;
  const place = (key: string, author: string, at: number): boolean => {
    const newDay = before === null || !sameDay(before.at, at);
    if (newDay) rows.push({ kind: "day", key: `day-${key}`, at });
    const first = newDay || before === null || before.author !== author || at - before.at >= groupWithin;
    before = { author, at };
    return first;
  };
  for (const message of messages) {
    const first = place(message.key, message.author, message.sentAt);
    rows.push({ kind: "message", key: message.key, first, message });
  }
  for (const entry of outgoing) {
    // A clock that runs behind the server's must not put a new day after today's messages.
    const latest: number = (before as { at: number } | null)?.at ?? 0;
    const first = place(entry.cid, me, Math.max(entry.createdAt, latest));
    rows.push({ kind: "outgoing", key: entry.cid, first, outgoing: entry });
  }
  return rows;
}
