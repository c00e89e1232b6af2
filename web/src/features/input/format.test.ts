import { expect, it } from "vitest";
import { type Edit, fence, link, type Mark, mark } from "./format";

/** A text with what is selected between bars. */
const read = (marked: string): [string, number, number] => {
  const start = marked.indexOf("|");
  return [marked.replaceAll("|", ""), start, marked.lastIndexOf("|") - 1];
};
function apply(text: string, { from, to, text: by, select: [a, b] }: Edit): string {
  const all = text.slice(0, from) + by + text.slice(to);
  return `${all.slice(0, a)}|${all.slice(a, b)}|${all.slice(b)}`;
}
const marked = (shown: string, kind: Mark) => apply(read(shown)[0], mark(...read(shown), kind));

it("puts marks round what is selected, and takes them away again", () => {
  for (const [kind, sign] of [
    ["bold", "**"],
    ["italic", "_"],
    ["strike", "~~"],
    ["code", "`"],
  ] as const) {
    expect(marked("a |word| here", kind)).toBe(`a ${sign}|word|${sign} here`);
    expect(marked(`a ${sign}|word|${sign} here`, kind)).toBe("a |word| here");
    expect(marked(`a |${sign}word${sign}| here`, kind)).toBe("a |word| here");
    expect(marked("||", kind)).toBe(`${sign}||${sign}`);
    expect(marked(`${sign}||${sign}`, kind)).toBe("||");
  }
});

it("leaves spaces outside of the marks, and marks what is marked otherwise", () => {
  expect(marked("a |word |here", "bold")).toBe("a **|word|** here");
  expect(marked("**|word|**", "italic")).toBe("**_|word|_**");
});

it("makes a block of code of several lines", () => {
  expect(marked("see |a\nb|", "code")).toBe("see \n```\na\nb\n```\n||");
  expect(apply("x\na\ny", fence("x\na\ny", 2, 3))).toBe("x\n```\na\n```||\ny");
  expect(fence("```js\na\n```", 0, 11).text).toMatch(/^````\n```js\na\n```\n````/);
});

it("makes a link of words over which an address is pasted, and of nothing else", () => {
  const made = (shown: string, pasted: string) => {
    const edit = link(...read(shown), pasted);
    return edit && apply(read(shown)[0], edit);
  };
  expect(made("the |docs| say", "https://a.example/x_(y)")).toBe("the [docs](https://a.example/x_%28y%29)|| say");
  for (const pasted of ["docs", "javascript:alert(1)", "https://a.example and more", "https://"])
    expect(made("the |docs| say", pasted), pasted).toBeNull();
  for (const shown of ["||", "|a\nb|", "|https://b.example|", "|[a]|"])
    expect(made(shown, "https://a.example"), shown).toBeNull();
});
