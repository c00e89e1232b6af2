import { describe, expect, it } from "vitest";
import { cidOf, merge, reconcile, toRows } from "./messages";
import type { ChatMessage, Outgoing } from "./model";

const at = Date.parse("2026-11-20T10:00:00Z");
const message = (index: number, change: Partial<ChatMessage> = {}): ChatMessage => ({
  sid: `IM${index}`,
  index,
  author: "ana",
  body: String(index),
  sentAt: at + index * 1000,
  cid: null,
  key: `IM${index}`,
  ...change,
});
const indices = (messages: ChatMessage[]) => messages.map((entry) => entry.index);

describe("merge", () => {
  it("keeps one message an index, ascending, and the row's key", () => {
    const known = [message(1, { key: "cid-1" }), message(4)];
    const merged = merge(known, [message(2), message(1, { body: "edited" })]);
    expect(indices(merged)).toEqual([1, 2, 4]);
    expect(merged[0]).toMatchObject({ body: "edited", key: "cid-1" });
  });
});

describe("reconcile", () => {
  it("believes the page in its range, and keeps newer messages that came meanwhile", () => {
    const known = [message(1), message(2), message(3), message(5)];
    expect(indices(reconcile(known, [message(2), message(4)], true))).toEqual([1, 2, 4, 5]);
  });

  it("drops older messages that do not connect, so that there is no hidden gap", () => {
    expect(indices(reconcile([message(1), message(2)], [message(90), message(91)], false))).toEqual([90, 91]);
  });

  it("leaves the log as it is when the page is empty", () => {
    expect(reconcile([message(1)], [], true)).toHaveLength(1);
  });
});

describe("cidOf", () => {
  it("accepts only text, as attributes may be anything", () => {
    expect([cidOf({ cid: "x" }), cidOf({ cid: 7 }), cidOf(null), cidOf("x"), cidOf({ cid: "" })]).toEqual([
      "x",
      null,
      null,
      null,
      null,
    ]);
  });
});

describe("toRows", () => {
  const kinds = (messages: ChatMessage[], outgoing: Outgoing[] = []) =>
    toRows(messages, outgoing, "ana").map((row) => (row.kind === "day" ? "day" : row.first ? "first" : "more"));

  it("groups by author within five minutes", () => {
    const fiveMinutes = 5 * 60_000;
    expect(kinds([message(1), message(2), message(3, { author: "bo" })])).toEqual(["day", "first", "more", "first"]);
    expect(kinds([message(1), message(2, { sentAt: at + 1000 + fiveMinutes })])).toEqual(["day", "first", "first"]);
  });

  it("divides days and starts a group after each divider", () => {
    expect(kinds([message(1), message(2, { sentAt: at + 26 * 3600_000 })])).toEqual(["day", "first", "day", "first"]);
  });

  it("puts what is on its way last, in the sender's group, whatever the clocks say", () => {
    const outgoing: Outgoing = { cid: "c", text: "x", createdAt: at - 90 * 60_000, status: "sending" };
    expect(kinds([message(1)], [outgoing])).toEqual(["day", "first", "more"]);
  });
});
