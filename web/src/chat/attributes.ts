import type { OutgoingFile, Quote, Reaction } from "./model";

/** The service's limit is 4 KB; the rest is for the reactions that the chat application adds. */
const longestText = 120;
const mostMentions = 50;
const mostReactions = 100;
/** Nobody has a screen of more pixels a side. */
const widest = 20_000;

type Size = readonly [number, number] | null;

/** What a message's attributes say, as `docs/chat-api.md` lists it. */
export interface Told {
  cid: string | null;
  quote: Quote | null;
  mentions: string[];
  editedAt: number | null;
  reactions: Reaction[];
  /** Of its files, in their order; null for what is no picture. */
  sizes: Size[];
}

type Field = Record<string, unknown>;
const field = (value: unknown): Field => (typeof value === "object" && value !== null ? (value as Field) : {});
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isIndex = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Reads a message's attributes, which can be anything that some client wrote: what is not as it should be is not there. */
export function readAttributes(attributes: unknown): Told {
  const { cid, re, m, ed, rx, md } = field(attributes);
  return {
    cid: isText(cid) ? cid : null,
    quote: quoteOf(re),
    mentions: list(m).filter(isText).slice(0, mostMentions),
    editedAt: isIndex(ed) ? ed : null,
    reactions: Object.entries(field(rx)).slice(0, mostReactions).flatMap(reactionOf),
    sizes: list(md).map(sizeOf),
  };
}

/** What our client writes with a message. Everything else in there the chat application writes (docs/chat-api.md). */
export function writeAttributes(message: {
  cid: string;
  quote: Quote | null;
  mentions: string[];
  files: Pick<OutgoingFile, "width" | "height">[];
}): { cid: string } & Field {
  const { cid, quote, mentions, files } = message;
  const sized = files.some((file) => file.width !== null);
  return {
    v: 1,
    cid,
    ...(quote && { re: { sid: quote.sid, i: quote.index, a: quote.author, t: shorten(quote.text) } }),
    ...(mentions.length > 0 && { m: mentions.slice(0, mostMentions) }),
    ...(sized && { md: files.map(({ width, height }) => (width && height ? [width, height] : null)) }),
  };
}

/** As much of a text as a quote holds. Nothing is cut in the middle of a character. */
export function shorten(text: string): string {
  const characters = [...text.slice(0, longestText * 2 + 2)];
  return characters.length > longestText ? `${characters.slice(0, longestText - 1).join("")}…` : text;
}

function quoteOf(value: unknown): Quote | null {
  const { sid, i, a, t } = field(value);
  return isText(sid) && isIndex(i) && isText(a) && typeof t === "string"
    ? { sid, index: i, author: a, text: shorten(t) }
    : null;
}

/** `["ana", "bo"]`, or `{n: 57, u: ["ana", …]}` where there are more than fit. */
function reactionOf([emoji, value]: [string, unknown]): Reaction[] {
  const many = field(value);
  const people = [...new Set(list(Array.isArray(value) ? value : many.u).filter(isText))];
  const count = isIndex(many.n) ? Math.max(many.n, people.length) : people.length;
  return emoji && count > 0 ? [{ emoji, count, people }] : [];
}

function sizeOf(value: unknown): Size {
  const [width, height] = list(value);
  const fits = (side: unknown): side is number => isIndex(side) && side > 0 && side <= widest;
  return fits(width) && fits(height) ? [width, height] : null;
}
