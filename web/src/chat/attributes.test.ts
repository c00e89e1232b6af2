import { expect, it } from "vitest";
import { readAttributes, shorten, writeAttributes } from "./attributes";

const nothing = { cid: null, quote: null, mentions: [], editedAt: null, reactions: [], sizes: [] };

it("reads back what it writes", () => {
  const quote = { sid: "IM1", index: 4, author: "bo", text: "hello" };
  const files = [
    { width: 640, height: 480 },
    { width: null, height: null },
  ];
  const written = writeAttributes({ cid: "c1", quote, mentions: ["bo", "@room"], files });
  expect(readAttributes(JSON.parse(JSON.stringify(written)))).toEqual({
    ...nothing,
    ...{ cid: "c1", quote, mentions: ["bo", "@room"], sizes: [[640, 480], null] },
  });
});

it("writes no more than there is", () => {
  expect(writeAttributes({ cid: "c1", quote: null, mentions: [], files: [] })).toEqual({ v: 1, cid: "c1" });
});

it.each([
  ...[null, 7, "x", [], { cid: 7, re: 1, m: "bo", ed: "x", rx: [], md: {} }],
  {
    cid: "",
    re: { sid: "IM1", i: -1, a: "bo", t: "x" },
    m: [7, ""],
    ed: -1,
    rx: { "👍": [], "🎉": 3, "😀": { n: 0 } },
  },
])("believes nothing that is not as it should be: %j", (attributes) => {
  expect(readAttributes(attributes)).toEqual(nothing);
});

it("reads reactions as a list of names, or as a number and some names", () => {
  expect(readAttributes({ rx: { "👍": ["ana", "ana", 7], "🎉": { n: 57, u: ["bo"] } } }).reactions).toEqual([
    { emoji: "👍", count: 1, people: ["ana"] },
    { emoji: "🎉", count: 57, people: ["bo"] },
  ]);
});

it("believes no size that no picture has", () => {
  expect(readAttributes({ md: [[0, 5], [1e9, 5], [3], "x", [2, 3]] }).sizes).toEqual([null, null, null, null, [2, 3]]);
});

it("cuts a quote between characters", () => {
  expect([...shorten("😀".repeat(500))]).toHaveLength(120);
  expect(shorten("short")).toBe("short");
});
