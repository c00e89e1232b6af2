/** Everybody in the room. */
export const everybody = "@room";

/** `@` and something that can be an identity, where a word begins. */
const mention = /(?<![\p{L}\p{N}_@/.-])@([a-z0-9][a-z0-9._-]{0,63})/giu;
/** What is in code is not said to anybody. */
const code = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g;

/** A text in pieces: every other one, from the second on, mentions somebody and is their identity, or `@room`. */
export function splitMentions(text: string, known: (identity: string) => boolean): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const found of text.matchAll(mention)) {
    const who = knownStart(found[1] as string, known);
    if (who === null) continue;
    pieces.push(text.slice(from, found.index), who);
    from = found.index + 1 + who.replace(/^@/, "").length;
  }
  return [...pieces, text.slice(from)];
}

/** Whom a text mentions, each once. */
export function mentionsIn(text: string, known: (identity: string) => boolean): string[] {
  const pieces = splitMentions(
    text.replace(code, (hidden) => " ".repeat(hidden.length)),
    known,
  );
  return [...new Set(pieces.filter((_, at) => at % 2 === 1))];
}

/** The longest start of what was typed that is somebody: a sentence may end right behind a name. */
function knownStart(typed: string, known: (identity: string) => boolean): string | null {
  for (let name = typed.toLowerCase(); name; name = name.slice(0, -1)) {
    if (name === "room") return everybody;
    if (known(name)) return name;
    if (!/[._-]$/.test(name)) return null;
  }
  return null;
}
