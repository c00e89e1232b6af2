/** A change of a text: what stands from `from` to `to` becomes `text`, and then `select` is selected. */
export interface Edit {
  from: number;
  to: number;
  text: string;
  select: readonly [number, number];
}

export const marks = { bold: "**", italic: "_", strike: "~~", code: "`" } as const;
export type Mark = keyof typeof marks;

/** Puts marks round what is selected, or takes away those that are there. */
export function mark(text: string, start: number, end: number, kind: Mark): Edit {
  const sign = marks[kind];
  const [from, to] = trimmed(text, start, end);
  const inner = text.slice(from, to);
  const { length } = sign;
  if (text.slice(from - length, from) === sign && text.slice(to, to + length) === sign)
    return { from: from - length, to: to + length, text: inner, select: [from - length, to - length] };
  if (inner.length >= 2 * length && inner.startsWith(sign) && inner.endsWith(sign))
    return { from, to, text: inner.slice(length, -length), select: [from, to - 2 * length] };
  if (kind === "code" && inner.includes("\n")) return fence(text, from, to);
  return { from, to, text: `${sign}${inner}${sign}`, select: [from + length, to + length] };
}

/** Makes a block of code of what stands from `from` to `to`: it gets lines of its own. */
export function fence(text: string, from: number, to: number): Edit {
  const inner = text.slice(from, to).replace(/\n$/, "");
  // Fences that the code has itself must be shorter.
  const longest = Math.max(2, ...[...inner.matchAll(/`{3,}/g)].map(([run]) => run.length));
  const sign = "`".repeat(longest + 1);
  const before = from > 0 && text[from - 1] !== "\n" ? "\n" : "";
  const after = text[to] !== "\n" ? "\n" : "";
  const block = `${before}${sign}\n${inner}\n${sign}${after}`;
  return { from, to, text: block, select: [from + block.length, from + block.length] };
}

/** Makes a link of what is selected when an address is pasted over it; null when that is no address, or nothing is selected. */
export function link(text: string, start: number, end: number, pasted: string): Edit | null {
  const [from, to] = trimmed(text, start, end);
  const words = text.slice(from, to);
  const address = pasted.trim();
  if (!words || !isAddress(address) || isAddress(words) || /[\n[\]]/.test(words)) return null;
  const made = `[${words}](${address.replace(/\(/g, "%28").replace(/\)/g, "%29")})`;
  return { from, to, text: made, select: [from + made.length, from + made.length] };
}

const isAddress = (text: string) => /^https?:\/\/\S+$/i.test(text) && URL.canParse(text);

/** Marks do not stand beside spaces: a double click on a word selects the one behind it, too. */
function trimmed(text: string, start: number, end: number): [number, number] {
  const inner = text.slice(start, end);
  if (!inner.trim()) return [start, end];
  return [start + inner.length - inner.trimStart().length, end - (inner.length - inner.trimEnd().length)];
}
