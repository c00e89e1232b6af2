import { expect, it } from "vitest";
import { triggerAt } from "./trigger";

/** What is found at `|` in a text. */
function at(marked: string): string | null {
  const caret = marked.indexOf("|");
  const found = triggerAt(marked.replace("|", ""), caret);
  return found && `${found.kind} ${found.typed} ${found.from}`;
}

it("finds what is typed at the caret", () => {
  expect(at("@|")).toBe("person  0");
  expect(at("hi @bo|")).toBe("person bo 3");
  expect(at("(@Él|), you")).toBe("person Él 1");
  expect(at("see #sal|")).toBe("room sal 4");
  expect(at("well :ta|")).toBe("emoji ta 5");
  expect(at("👍:+1|")).toBe("emoji +1 2");
});

it("finds nothing in addresses, times, headings, code, in the middle of a word, or when a word has ended", () => {
  for (const text of ["mail@bo|", "https://x/@bo|", "@bo |", "@b|o", "a#b|", "# |", "##|", "10:30|", "::ab|", ":t|"])
    expect(at(text), text).toBeNull();
  for (const text of ["`@bo|", "`a` `@bo|", "```\n@bo|", "```\nx\n```\n`#a|"]) expect(at(text), text).toBeNull();
  for (const text of ["`a` @bo|", "```\nx\n``` @bo|", "it`s\n@bo|"]) expect(at(text), text).not.toBeNull();
});
