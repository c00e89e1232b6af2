/** What the person is in the middle of typing that a list can complete. */
export interface Trigger {
  kind: "person" | "room" | "emoji";
  /** Without its sign. */
  typed: string;
  /** Where the sign stands. */
  from: number;
}

/** A sign where a word begins, and what follows it up to the caret. */
const signs = [
  ["person", /(?<![\p{L}\p{N}_@/.-])@([\p{L}\p{M}\p{N}._-]{0,64})$/u],
  ["room", /(?<![\p{L}\p{N}_#/&-])#([\p{L}\p{M}\p{N}._-]{0,64})$/u],
  ["emoji", /(?<![\p{L}\p{N}:/]):([\p{L}\p{N}_+-]{2,32})$/u],
] as const;

/** Nobody types a name that long; the rest of a long text need not be looked through. */
const reach = 100;

/** What is being typed at the caret, if a list can complete it: not in the middle of a word, and not in code. */
export function triggerAt(text: string, caret: number): Trigger | null {
  if (/^[\p{L}\p{N}_]/u.test(text.slice(caret, caret + 2))) return null;
  const near = text.slice(Math.max(0, caret - reach), caret);
  for (const [kind, pattern] of signs) {
    const typed = near.match(pattern)?.[1];
    if (typed === undefined) continue;
    const from = caret - typed.length - 1;
    return inCode(text.slice(0, from)) ? null : { kind, typed, from };
  }
  return null;
}

/** Whether code that begins before the end of `text` has not ended there. */
function inCode(text: string): boolean {
  const outside = text.split("```");
  if (outside.length % 2 === 0) return true;
  const line = (outside.at(-1) ?? "").split("\n").at(-1) ?? "";
  return line.split("`").length % 2 === 0;
}
