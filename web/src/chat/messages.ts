import { readAttributes } from "./attributes";
import type { ChatMessage, Outgoing } from "./model";
import type { SdkMessage } from "./surface";
import { systemAuthor, systemNoteOf } from "./system";

export function toMessage(message: SdkMessage): ChatMessage {
  const { sizes, reactions, ...told } = readAttributes(message.attributes);
  const files = (message.attachedMedia ?? []).map((media, at) => ({
    sid: media.sid,
    name: media.filename ?? "",
    type: media.contentType,
    size: media.size,
    width: sizes[at]?.[0] ?? null,
    height: sizes[at]?.[1] ?? null,
  }));
  return {
    ...told,
    files,
    // Only the chat application counts reactions: what another client has written is put right by it in a moment.
    reactions: message.lastUpdatedBy === systemAuthor ? reactions : [],
    sid: message.sid,
    index: message.index,
    author: message.author ?? "",
    body: message.body ?? "",
    sentAt: message.dateCreated?.getTime() ?? 0,
    key: message.sid,
    system: systemNoteOf(message.author, message.attributes),
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

/** The index of the first message behind the read horizon that somebody else wrote: there the New line goes. */
export function lineAt(messages: ChatMessage[], horizon: number, me: string): number | null {
  return messages.find((message) => message.index > horizon && message.author !== me)?.index ?? null;
}

/** The message with this index, or the nearest to where it was: the next one, else the last. */
export function nearest(messages: ChatMessage[], index: number): ChatMessage | undefined {
  return messages.find((message) => message.index >= index) ?? messages.at(-1);
}

export type Row =
  | { kind: "day"; key: string; at: number }
  | { kind: "line"; key: string }
  | { kind: "system"; key: string; message: ChatMessage }
  | { kind: "message"; key: string; first: boolean; message: ChatMessage }
  | { kind: "outgoing"; key: string; first: boolean; outgoing: Outgoing };

const groupWithin = 5 * 60_000;

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/**
 * The rows of a log: day dividers, the New line, messages grouped by author, and last what is still on its way. `line` is
 * the index that the New line stands above.
 */
export function toRows(messages: ChatMessage[], outgoing: Outgoing[], me: string, line: number | null): Row[] {
  const rows: Row[] = [];
  let before: { author: string; at: number } | null = null;
  let lineDue = line !== null && (messages[0]?.index ?? line) <= line;
  const place = (key: string, author: string, at: number, breaks: boolean): boolean => {
    const newDay = before === null || !sameDay(before.at, at);
    if (newDay) rows.push({ kind: "day", key: `day-${key}`, at });
    if (breaks) rows.push({ kind: "line", key: "line" });
    const first = newDay || breaks || before === null || before.author !== author || at - before.at >= groupWithin;
    before = { author, at };
    return first;
  };
  for (const message of messages) {
    const breaks = lineDue && message.index >= (line ?? 0);
    if (breaks) lineDue = false;
    // An answer shows who it is by, as the quote above it is by somebody else.
    const first = place(message.key, message.author, message.sentAt, breaks) || message.quote !== null;
    if (message.system) rows.push({ kind: "system", key: message.key, message });
    else rows.push({ kind: "message", key: message.key, first, message });
  }
  for (const entry of outgoing) {
    // A clock that runs behind the server's must not put a new day after today's messages.
    const latest: number = (before as { at: number } | null)?.at ?? 0;
    const first = place(entry.cid, me, Math.max(entry.createdAt, latest), false) || entry.quote !== null;
    rows.push({ kind: "outgoing", key: entry.cid, first, outgoing: entry });
  }
  return rows;
}
