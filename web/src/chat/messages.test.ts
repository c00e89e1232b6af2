import { describe, expect, it } from "vitest";
import { lineAt, merge, reconcile, toMessage, toRows } from "./messages";
import type { ChatMessage, Outgoing } from "./model";
import { systemNoteOf } from "./system";

const at = Date.parse("2026-11-20T10:00:00Z");
const message = (index: number, change: Partial<ChatMessage> = {}): ChatMessage => ({
  sid: `IM${index}`,
  index,
  author: "ana",
  body: String(index),
  sentAt: at + index * 1000,
  cid: null,
  key: `IM${index}`,
  system: null,
  editedAt: null,
  quote: null,
  mentions: [],
  reactions: [],
  files: [],
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

describe("toMessage", () => {
  const told = (lastUpdatedBy: string | null) =>
    toMessage({
      ...{ sid: "IM1", index: 1, author: "bo", body: "hi", dateCreated: new Date(at), conversation: { sid: "CH1" } },
      ...{ attributes: { rx: { "👍": ["ana"] } }, lastUpdatedBy, attachedMedia: null },
    });

  it("believes reactions only of the chat application, which alone writes as the system", () => {
    expect(told("system").reactions).toEqual([{ emoji: "👍", count: 1, people: ["ana"] }]);
    expect([told(null), told("bo"), told("ana")].map(({ reactions }) => reactions)).toEqual([[], [], []]);
  });

  it("takes the sizes of pictures from the sender, by their order", () => {
    const attachedMedia = [
      { sid: "ME1", filename: "a.png", contentType: "image/png", size: 5 },
      { sid: "ME2", filename: null, contentType: "application/pdf", size: 6 },
    ];
    const { files } = toMessage({
      ...{ sid: "IM1", index: 1, author: "bo", body: null, dateCreated: new Date(at), conversation: { sid: "CH1" } },
      ...{ attributes: { md: [[640, 480], null] }, lastUpdatedBy: null, attachedMedia },
    });
    expect(files).toEqual([
      { sid: "ME1", name: "a.png", type: "image/png", size: 5, width: 640, height: 480 },
      { sid: "ME2", name: "", type: "application/pdf", size: 6, width: null, height: null },
    ]);
  });
});

describe("toRows", () => {
  const kinds = (messages: ChatMessage[], outgoing: Outgoing[] = [], line: number | null = null) =>
    toRows(messages, outgoing, "ana", line).map((row) =>
      row.kind === "message" || row.kind === "outgoing" ? (row.first ? "first" : "more") : row.kind,
    );

  it("groups by author within five minutes", () => {
    const fiveMinutes = 5 * 60_000;
    expect(kinds([message(1), message(2), message(3, { author: "bo" })])).toEqual(["day", "first", "more", "first"]);
    expect(kinds([message(1), message(2, { sentAt: at + 1000 + fiveMinutes })])).toEqual(["day", "first", "first"]);
  });

  it("divides days and starts a group after each divider", () => {
    expect(kinds([message(1), message(2, { sentAt: at + 26 * 3600_000 })])).toEqual(["day", "first", "day", "first"]);
  });

  it("puts what is on its way last, in the sender's group, whatever the clocks say", () => {
    const outgoing: Outgoing = {
      ...{ cid: "c", text: "x", createdAt: at - 90 * 60_000, status: "sending" },
      ...{ quote: null, mentions: [], files: [] },
    };
    expect(kinds([message(1)], [outgoing])).toEqual(["day", "first", "more"]);
  });

  it("draws the New line once, below the day, and starts a group after it", () => {
    expect(kinds([message(1), message(2), message(3)], [], 2)).toEqual(["day", "first", "line", "first", "more"]);
    expect(kinds([message(1), message(2, { sentAt: at + 26 * 3600_000 })], [], 2)).toEqual([
      ...["day", "first", "day", "line", "first"],
    ]);
  });

  it("draws it above the next message when its own is gone, and not at all when it is above what is shown", () => {
    expect(kinds([message(1), message(5)], [], 3)).toEqual(["day", "first", "line", "first"]);
    expect(kinds([message(4), message(5)], [], 3)).toEqual(["day", "first", "more"]);
  });

  it("tells what happened to the room in rows of its own, which break groups", () => {
    const note = message(2, { author: "system", system: { type: "archived", by: "bo" } });
    expect(kinds([message(1), note, message(3)])).toEqual(["day", "first", "system", "first"]);
  });
});

describe("lineAt", () => {
  it("is the first message behind the horizon that somebody else wrote", () => {
    const messages = [message(1, { author: "bo" }), message(4), message(7, { author: "bo" })];
    expect([lineAt(messages, -1, "ana"), lineAt(messages, 1, "ana"), lineAt(messages, 7, "ana")]).toEqual([1, 7, null]);
  });
});

describe("systemNoteOf", () => {
  it("believes only the chat application", () => {
    const attributes = { v: 1, sys: { type: "renamed", by: "ana", from: "#a", to: "#b" } };
    expect(systemNoteOf("system", attributes)).toEqual({ type: "renamed", by: "ana", from: "#a", to: "#b" });
    expect(systemNoteOf("mallory", attributes)).toBeNull();
  });

  it("takes one person or several", () => {
    for (const who of ["bo", ["bo"]])
      expect(systemNoteOf("system", { sys: { type: "removed", by: "ana", who } })).toEqual({
        type: "removed",
        by: "ana",
        who: ["bo"],
      });
  });

  it("leaves what it does not know to the message's own text", () => {
    for (const sys of [
      undefined,
      null,
      "x",
      { type: "party", by: "bo" },
      { type: "added", by: "bo", who: [7] },
      { by: 1 },
    ])
      expect(systemNoteOf("system", { sys })).toEqual({ type: "other" });
    expect(systemNoteOf("system", null)).toEqual({ type: "other" });
  });
});
