import { expect, it } from "vitest";
import { mostMessages } from "./history";
import type { FakeConversation } from "./testing/fake-sdk";
import { fixture } from "./testing/fixture";

/** A room of so many messages, all read unless `prepare` says otherwise, opened at `at` or where reading goes on. */
async function withMessages(
  count: number,
  prepare: (room: FakeConversation) => void = () => {},
  at: number | null = null,
) {
  const all = fixture();
  const room = all.server.room("CH1", "#sales");
  room.fill(count);
  room.lastReadMessageIndex = count - 1;
  prepare(room);
  await all.enter();
  all.chat.openRoom("CH1", at);
  await all.settled();
  const log = () => {
    const entry = all.state().logs.CH1;
    if (!entry) throw new Error("no log");
    return entry;
  };
  const indices = () => log().messages.map((message) => message.index);
  return { ...all, room, log, indices };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

it("loads the newest page, then older ones up to the start", async () => {
  const { chat, state, bodies } = await withMessages(100);
  expect([bodies("CH1").length, bodies("CH1").at(-1), state().logs.CH1?.hasOlder]).toEqual([40, "99", true]);
  await chat.loadOlder("CH1");
  await chat.loadOlder("CH1");
  await chat.loadOlder("CH1");
  expect(bodies("CH1")).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
  expect(state().logs.CH1?.hasOlder).toBe(false);
});

it("says that a load failed, and loads again when asked", async () => {
  const { chat, room, state, bodies } = await withMessages(60);
  room.failReads = true;
  await chat.loadOlder("CH1");
  expect(state().logs.CH1).toMatchObject({ failed: "older", loading: null });
  room.failReads = false;
  await chat.reload("CH1");
  expect(state().logs.CH1?.failed).toBeNull();
  expect(bodies("CH1")).toHaveLength(60);
});

it("adds live messages, changes edited ones and drops removed ones", async () => {
  const { server, room, bodies } = await withMessages(1);
  const message = room.say("bo", "new");
  room.say("bo", "another");
  server.client.emit("messageUpdated", { message: { ...message, body: "edited" } });
  expect(bodies("CH1")).toEqual(["0", "edited", "another"]);
  server.client.emit("messageRemoved", message);
  expect(bodies("CH1")).toEqual(["0", "another"]);
});

it("keeps a message that arrives while the first page is on its way", async () => {
  const { chat, server, enter, bodies, settled } = fixture();
  const room = server.room("CH1", "#sales");
  room.store("bo", "0");
  await enter();
  chat.openRoom("CH1");
  room.say("bo", "1");
  await settled();
  expect(bodies("CH1")).toEqual(["0", "1"]);
});

it("fills what a broken connection missed", async () => {
  const { server, room, state, bodies, settled } = await withMessages(10);
  server.client.state("connecting");
  for (let index = 10; index < 120; index++) room.store("bo", String(index));
  server.client.state("connected");
  await settled();
  expect(bodies("CH1")).toEqual(Array.from({ length: 120 }, (_, index) => String(index)));
  expect(state().logs.CH1?.hasOlder).toBe(false);
});

it("starts anew after a gap that is too long to fill, rather than hide it", async () => {
  const { server, room, state, bodies, settled } = await withMessages(10);
  server.client.state("connecting");
  for (let index = 10; index < 1000; index++) room.store("bo", String(index));
  server.client.state("connected");
  await settled();
  const numbers = bodies("CH1").map(Number);
  expect(numbers.at(-1)).toBe(999);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => 1000 - numbers.length + at));
  expect(state().logs.CH1?.hasOlder).toBe(true);
});

it("drops the oldest rows of a very long log while one follows it, and can load them again", async () => {
  const { chat, room, indices, log } = await withMessages(40);
  for (let index = 40; index < 450; index++) room.say("bo", String(index));
  expect(indices()).toEqual(range(450 - mostMessages, 449));
  expect([log().hasOlder, log().hasNewer]).toEqual([true, false]);
  await chat.loadOlder("CH1");
  expect([indices()[0], indices().length, log().hasNewer]).toEqual([90, mostMessages, true]);
});

it("drops the far end while one reads up, and comes back down without a gap", async () => {
  const { chat, room, indices, log } = await withMessages(600);
  chat.sees("CH1", 560, false);
  for (let page = 0; page < 14; page++) await chat.loadOlder("CH1");
  expect([indices()[0], log().hasOlder, indices().length, log().hasNewer]).toEqual([0, false, mostMessages, true]);
  room.say("bo", "while one is far up");
  expect(indices().at(-1)).toBe(mostMessages - 1);
  expect(log().unseen).toEqual([600]);
  while (log().hasNewer) await chat.loadNewer("CH1");
  expect(indices()).toEqual(range(601 - mostMessages, 600));
  expect(log().hasOlder).toBe(true);
});

it("does not let what arrives push away what one reads", async () => {
  const { chat, room, indices, log } = await withMessages(mostMessages - 1);
  for (let page = 0; page < 9; page++) await chat.loadOlder("CH1");
  chat.sees("CH1", 20, false);
  for (let n = 0; n < 10; n++) room.say("bo", "new");
  expect(indices()).toEqual(range(0, mostMessages - 1));
  expect([log().hasNewer, log().unseen.length]).toEqual([true, 10]);
});

it("opens around the horizon when more than a page is unread", async () => {
  const { indices, log } = await withMessages(300, (room) => {
    room.lastReadMessageIndex = 99;
  });
  expect(indices()).toEqual(range(80, 139));
  expect(log()).toMatchObject({ hasOlder: true, hasNewer: true, line: 100, aim: { at: "third", index: 100 } });
});

it("opens at the latest page, with the line in it, when less is unread", async () => {
  const { indices, log } = await withMessages(300, (room) => {
    room.lastReadMessageIndex = 289;
  });
  expect(indices()).toEqual(range(260, 299));
  expect(log()).toMatchObject({ hasNewer: false, line: 290, lineCount: 10, aim: { at: "third", index: 290 } });
});

it("opens at the end when there is no place to go on from", async () => {
  const { log } = await withMessages(300, (room) => {
    room.lastReadMessageIndex = null;
  });
  expect(log()).toMatchObject({ hasNewer: false, line: null, aim: null });
});

it("draws no line, and stays at the end, when all that is unread is one's own", async () => {
  const { log } = await withMessages(10, (room) => room.fill(2, "ana"));
  expect(log()).toMatchObject({ line: null, aim: null });
});

it("jumps to a message far away, both ways open, and back to the latest", async () => {
  const { chat, indices, log } = await withMessages(300);
  await chat.jump("CH1", 42);
  expect(indices()).toEqual(range(22, 81));
  expect(log()).toMatchObject({ hasOlder: true, hasNewer: true, aim: { at: "middle", index: 42, missing: false } });
  await chat.loadOlder("CH1");
  await chat.loadNewer("CH1");
  expect(indices()).toEqual(range(0, 121));
  await chat.toLatest("CH1");
  expect(indices()).toEqual(range(260, 299));
  expect(log()).toMatchObject({ hasOlder: true, hasNewer: false, aim: { at: "end" } });
});

it("loads nothing for a jump to what is there", async () => {
  const { chat, room, log } = await withMessages(300);
  const { reads } = room;
  await chat.jump("CH1", 270);
  expect([room.reads, log().aim]).toEqual([reads, { at: "middle", index: 270, missing: false }]);
});

it.each([
  ["the next one", 42, 43],
  ["the last one", 500, 299],
])("opens a permalink of a message that is gone at %s", async (_, at, index) => {
  const { log } = await withMessages(300, (room) => room.remove(42), at);
  expect(log().aim).toEqual({ at: "middle", index, missing: true });
});

it.each([
  ["before", 20],
  ["behind", 280],
])("draws the New line where it belongs when a link leads %s it", async (_, at) => {
  const { log } = await withMessages(
    300,
    (room) => {
      room.lastReadMessageIndex = 149;
    },
    at,
  );
  expect(log()).toMatchObject({ line: 150, aim: { at: "middle", index: at } });
});

it("opens a permalink to the very first message", async () => {
  const { indices, log } = await withMessages(300, () => {}, 0);
  expect([indices()[0], log().hasOlder, log().aim?.at]).toEqual([0, false, "middle"]);
});

it("leaves gaps of deleted messages out, and joins pages across them", async () => {
  const { chat, indices } = await withMessages(200, (room) => room.remove(...range(120, 165)));
  await chat.loadOlder("CH1");
  expect(indices()).toEqual([...range(74, 119), ...range(166, 199)]);
  await chat.loadOlder("CH1");
  await chat.loadOlder("CH1");
  await chat.loadOlder("CH1");
  expect(indices()).toEqual([...range(0, 119), ...range(166, 199)]);
});

it("keeps what arrives, and forgets what is removed, while a page is on its way", async () => {
  const { chat, room, indices, log, settled } = await withMessages(300);
  await chat.jump("CH1", 42);
  let answer = () => {};
  room.delay = new Promise((resolve) => {
    answer = resolve;
  });
  const back = chat.toLatest("CH1");
  await settled();
  room.say("bo", "meanwhile");
  room.remove(299);
  answer();
  await back;
  expect(indices().slice(-2)).toEqual([298, 300]);
  expect(log().hasNewer).toBe(false);
});

it("says at which end a load failed, keeps the rest, and tries that again", async () => {
  const { chat, room, indices, log } = await withMessages(300);
  await chat.jump("CH1", 100);
  const before = indices();
  room.failReads = true;
  await chat.loadNewer("CH1");
  expect([log().failed, indices()]).toEqual(["newer", before]);
  await chat.jump("CH1", 250);
  expect([log().failed, indices()]).toEqual(["window", before]);
  room.failReads = false;
  await chat.reload("CH1");
  expect([log().failed, indices()[0]]).toEqual([null, 230]);
});

it("opens a room that could not be loaded when asked again, with its line", async () => {
  const { chat, room, log } = await withMessages(50, (sales) => {
    sales.lastReadMessageIndex = 44;
    sales.failReads = true;
  });
  expect(log()).toMatchObject({ loaded: false, failed: "window" });
  room.failReads = false;
  await chat.reload("CH1");
  expect(log()).toMatchObject({ loaded: true, failed: null, line: 45 });
});

it("fills a gap forward from where it was, and leaves a reader's place alone", async () => {
  const { server, room, chat, indices, log, settled } = await withMessages(50);
  chat.sees("CH1", 20, false);
  server.client.state("connecting");
  room.fill(30);
  server.client.state("connected");
  await settled();
  expect(indices()).toEqual(range(10, 79));
  server.client.state("connecting");
  room.fill(500);
  server.client.state("connected");
  await settled();
  expect([indices()[0], log().hasNewer]).toEqual([10, true]);
  expect(indices()).toEqual(range(10, 9 + indices().length));
});

it("never hides a gap that could not be filled", async () => {
  const { server, room, chat, indices, log, settled } = await withMessages(50);
  server.client.state("connecting");
  room.fill(5);
  room.failReads = true;
  server.client.state("connected");
  await settled();
  room.say("bo", "after the gap");
  expect([indices().at(-1), log().hasNewer, log().failed]).toEqual([49, true, "newer"]);
  room.failReads = false;
  await chat.reload("CH1");
  expect(indices().slice(-6)).toEqual(range(50, 55));
  expect(log()).toMatchObject({ hasNewer: false, failed: null });
});

it("hears with a new client what was edited and removed in all that is shown", async () => {
  const { server, room, state, settled, bodies } = await withMessages(3);
  server.client.emit("tokenExpired");
  room.stored.splice(1, 1);
  room.stored[0] = { ...(room.stored[0] as (typeof room.stored)[0]), body: "edited" };
  room.store("bo", "missed");
  const before = state().logs.CH1;
  server.client.emit("conversationJoined", room);
  await settled();
  expect(bodies("CH1")).toEqual(["edited", "2", "missed"]);
  expect(before).not.toBe(state().logs.CH1);
});

it("keeps the messages of the last five rooms, and shows them at once", async () => {
  const { chat, server, state, room, settled } = await withMessages(10);
  for (let n = 2; n <= 6; n++) {
    const other = server.room(`CH${n}`, `#${n}`);
    server.client.emit("conversationJoined", other);
  }
  for (let n = 2; n <= 5; n++) {
    chat.openRoom(`CH${n}`);
    await settled();
  }
  chat.leftAt("CH1", { index: 3, offset: -4 });
  room.say("bo", "while one was elsewhere");
  const { reads } = room;
  chat.openRoom("CH1");
  await settled();
  expect([room.reads, state().logs.CH1?.messages.length]).toEqual([reads, 11]);
  chat.openRoom("CH6");
  await settled();
  expect(Object.keys(state().logs).sort()).toEqual(["CH1", "CH3", "CH4", "CH5", "CH6"]);
});

it("sends from a place far up by going to the latest page first", async () => {
  const { chat, indices, state, log, settled } = await withMessages(300);
  await chat.jump("CH1", 42);
  chat.send("CH1", "hello");
  await settled();
  expect(indices()).toEqual(range(260, 300));
  expect([log().hasNewer, log().aim?.at, state().outbox.CH1]).toEqual([false, "end", []]);
});

it("takes one's message out of the outbox though the log shows an old stretch", async () => {
  const { chat, room, state, indices, settled } = await withMessages(300);
  let answer = () => {};
  room.outcomes.push(async () => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { cid } = state().outbox.CH1?.[0] ?? { cid: "" };
    return room.say("ana", "late", cid).index;
  });
  chat.send("CH1", "late");
  await settled();
  await chat.jump("CH1", 42);
  answer();
  await settled();
  expect([state().outbox.CH1, indices().at(-1)]).toEqual([[], 81]);
});
