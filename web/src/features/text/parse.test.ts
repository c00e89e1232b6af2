import { expect, it } from "vitest";
import { parse } from "./parse";

const size = 32 * 1024;
const long = (part: string) => part.repeat(Math.ceil(size / part.length)).slice(0, size);
const hostile = [
  ...[
    "a",
    "👍",
    "*",
    "_",
    "**",
    "[",
    "[[",
    "]",
    "![",
    "[](",
    "[a](b ",
    ">",
    "> ",
    "`",
    "` `` ",
    "~~",
    "~~a ",
    "<",
    "<http://a ",
    "\\",
  ],
  ...[
    "_a",
    "*a ",
    "*a_b ",
    "*a**b ",
    "**a *b ",
    "- ",
    "* ",
    "1. ",
    "1) - > ",
    "# ",
    "# a\n",
    "- a\n",
    "> a\n",
    "a\n\n",
    "\n",
    " ",
    "\t",
  ],
  ...[
    "http://a ",
    "www.a.",
    "https://",
    "a@",
    "a.a@a.",
    "http://a/(",
    "```\n",
    "```a\n```\n",
    "```\na\n```\n",
    "~~~\n",
    "> ```\n",
    "    a\n",
  ],
  ...["a\u0301", "\u202e", "\u2066", "\0", "\r", "&amp;", "\ud800", "@a ", "@room ", "|-", "===\n", "*_[`<~"],
];

it.each(hostile.map((part) => [part, long(part)]))("takes little time for 32 KB of %j", (_, text) => {
  parse(text);
  const before = performance.now();
  const blocks = parse(text);
  expect(performance.now() - before).toBeLessThan(250); // 25 at most on a quick machine
  expect(blocks.length).toBeGreaterThan(0);
});

it("shows what has too much markup as it was typed, but still with its code", () => {
  const noise = long("*a* ").slice(0, 8_000);
  expect(parse(noise)).toEqual([{ kind: "plain", text: noise.trimEnd() }]);
  const blocks = parse(`${noise}\n\`\`\`js\n${noise}\n\`\`\`\nend`);
  expect(blocks.map(({ kind }) => kind)).toEqual(["plain", "code", "plain"]);
  expect(parse(`${"> ".repeat(20)}deep`)[0]?.kind).toBe("plain");
});

it("does not count the marks in code", () => {
  const code = long("a_b[*c] = d;\n");
  expect(parse(`*so*:\n\`\`\`\n${code}\n\`\`\``).map(({ kind }) => kind)).toEqual(["markup", "code"]);
});
