import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FakeConversation } from "./testing/fake-sdk";
import { fixture } from "./testing/fixture";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Ana is signed in; #sales holds what `prepare` puts there. */
async function signedIn(prepare: (room: FakeConversation) => void = () => {}) {
  const all = fixture();
  const room = all.server.room("CH1", "#sales");
  all.server.room("CH2", "#support");
  prepare(room);
  await all.enter();
  await pass(400);
  const unread = () => all.state().rooms.CH1?.unread;
  const log = () => all.state().logs.CH1;
  /** Opens the room; its log shows the message with this index last. */
  async function look(last: number, atEnd = true): Promise<void> {
    all.chat.openRoom("CH1");
    await pass(0);
    all.chat.sees("CH1", last, atEnd);
  }
  return { ...all, room, unread, log, look };
}

it("asks only rooms whose last message is behind the horizon", async () => {
  const { room, server, unread, state } = await signedIn((sales) => {
    sales.fill(5);
    sales.lastReadMessageIndex = 1;
  });
  expect(unread()).toBe(3);
  expect([room.counted, server.conversations.get("CH2")?.counted, room.reads]).toEqual([1, 0, 0]);
  expect(state().rooms.CH2?.unread).toBe(0);
});

it("takes a room without a horizon as never read", async () => {
  const { unread } = await signedIn((sales) => sales.fill(4));
  expect(unread()).toBe(4);
});

it("counts others' messages as they come, without asking, and never edits or one's own", async () => {
  const { room, server, unread } = await signedIn((sales) => {
    sales.fill(2);
    sales.lastReadMessageIndex = 1;
  });
  const message = room.say("bo", "one");
  room.say("bo", "two");
  room.say("ana", "mine, from another tab");
  server.client.emit("messageUpdated", { message: { ...message, body: "one, edited" } });
  expect(unread()).toBe(2);
  await pass(1000);
  expect(room.counted).toBe(0);
});

it("asks when a room's last message is one that was not heard: it came while the room was being opened", async () => {
  const { room, server, unread } = await signedIn();
  expect(unread()).toBe(0);
  room.store("bo", "unheard");
  const change = { conversation: room, updateReasons: ["lastMessage"] };
  server.client.emit("conversationUpdated", change);
  await pass(400);
  expect([unread(), room.counted]).toEqual([1, 1]);
  room.say("bo", "heard");
  server.client.emit("conversationUpdated", change);
  await pass(400);
  expect([unread(), room.counted]).toEqual([2, 1]);
});

it("does not use an answer that a message has overtaken", async () => {
  const { room, unread, attention } = await signedIn((sales) => sales.fill(3));
  let answer = () => {};
  room.lastReadMessageIndex = 0;
  room.delay = new Promise((resolve) => {
    answer = resolve;
  });
  await pass(30_000);
  attention.turn(true);
  await pass(300);
  room.say("bo", "while it is asked");
  room.delay = Promise.resolve();
  answer();
  await pass(400);
  expect(unread()).toBe(3);
});

it("follows what another tab reads, and asks only what it must", async () => {
  const { room, unread } = await signedIn((sales) => sales.fill(5));
  room.readElsewhere(2);
  await pass(400);
  expect([unread(), room.counted]).toEqual([2, 2]);
  room.readElsewhere(4);
  await pass(400);
  expect([unread(), room.counted]).toEqual([0, 2]);
});

it("asks again when a message that may have been unread is removed", async () => {
  const { room, unread } = await signedIn((sales) => sales.fill(5));
  room.remove(3);
  await pass(400);
  expect(unread()).toBe(4);
});

it("asks again after a reconnect and on coming back to the window, not more than it needs", async () => {
  const { room, server, attention, unread } = await signedIn((sales) => {
    sales.fill(5);
    sales.lastReadMessageIndex = 3;
  });
  room.store("bo", "missed");
  server.client.state("connecting");
  server.client.state("connected");
  await pass(400);
  expect([unread(), room.counted]).toEqual([2, 2]);
  for (let n = 0; n < 5; n++) attention.turn(true);
  await pass(400);
  expect(room.counted).toBe(2);
  await pass(30_000);
  for (let n = 0; n < 5; n++) attention.turn(true);
  await pass(400);
  expect(room.counted).toBe(3);
});

it("reads what was in view for a moment, and says so to the service once", async () => {
  const { room, unread, look } = await signedIn((sales) => sales.fill(5));
  await look(4);
  expect(room.horizons).toEqual([]);
  await pass(300);
  expect([room.horizons, unread()]).toEqual([[4], 0]);
  const asked = room.counted;
  await pass(5000);
  expect([room.horizons, room.counted]).toEqual([[4], asked]);
});

it("reads nothing while the person looks elsewhere", async () => {
  const { room, unread, attention, look } = await signedIn((sales) => sales.fill(5));
  attention.turn(false);
  await look(4);
  await pass(5000);
  expect([room.horizons, unread()]).toEqual([[], 5]);
  attention.turn(true);
  await pass(300);
  expect([room.horizons, unread()]).toEqual([[4], 0]);
});

it("reads up to the last row in view, and takes the rest from the answer", async () => {
  const { room, unread, look } = await signedIn((sales) => sales.fill(30));
  await look(11, false);
  await pass(300);
  expect([room.horizons, unread()]).toEqual([[11], 18]);
});

it("reports a busy room not more often than every two seconds, and the last one in the end", async () => {
  const { room, chat, look } = await signedIn((sales) => sales.fill(1));
  await look(0);
  await pass(300);
  for (let n = 1; n <= 20; n++) {
    chat.sees("CH1", room.say("bo", String(n)).index, true);
    await pass(300);
  }
  await pass(3000);
  expect(room.horizons.length).toBeLessThanOrEqual(6);
  expect(room.horizons.at(-1)).toBe(20);
});

it("reports at once when the person goes away", async () => {
  const { room, chat, attention, look } = await signedIn((sales) => sales.fill(10));
  await look(3, false);
  await pass(300);
  chat.sees("CH1", 9, true);
  await pass(300);
  expect(room.horizons).toEqual([3]);
  attention.turn(false);
  await pass(0);
  expect(room.horizons).toEqual([3, 9]);
});

it("does not count what arrives before the reader's eyes, unless the eyes turn away too soon", async () => {
  const { room, chat, attention, unread, look } = await signedIn((sales) => sales.fill(1));
  await look(0);
  await pass(3000);
  chat.sees("CH1", room.say("bo", "seen").index, true);
  expect(unread()).toBe(0);
  await pass(300);
  chat.sees("CH1", room.say("bo", "hardly seen").index, true);
  await pass(100);
  attention.turn(false);
  await pass(5000);
  expect(unread()).toBe(1);
});

it("counts what arrives below a reader who has scrolled up", async () => {
  const { room, unread, look, log } = await signedIn((sales) => sales.fill(60));
  await look(30, false);
  await pass(3000);
  room.say("bo", "below");
  expect(log()?.unseen).toEqual([60]);
  expect(unread()).toBe(30);
});

it("reads by sending", async () => {
  const { room, chat, unread } = await signedIn((sales) => sales.fill(3));
  chat.openRoom("CH1");
  await pass(0);
  chat.send("CH1", "hello");
  await pass(10);
  expect([room.horizons, unread()]).toEqual([[3], 0]);
});

it("reports after a reconnect what could not be reported", async () => {
  const { room, server, look } = await signedIn((sales) => sales.fill(3));
  room.failHorizons = true;
  await look(2);
  await pass(1000);
  expect(room.horizons).toEqual([]);
  server.client.state("connecting");
  room.failHorizons = false;
  server.client.state("connected");
  await pass(10);
  expect(room.horizons).toEqual([2]);
});

it("marks unread from here, and keeps it so until the room is left", async () => {
  const { room, chat, unread, look, log } = await signedIn((sales) => sales.fill(6));
  await look(5);
  await pass(3000);
  await chat.markUnread("CH1", 4);
  chat.sees("CH1", 5, true);
  await pass(5000);
  expect([room.horizons, unread(), log()?.line]).toEqual([[5, 3], 2, 4]);
  chat.openRoom("CH2");
  expect(log()?.line).toBeNull();
  await look(5);
  expect(log()?.line).toBe(4);
  await pass(300);
  expect(unread()).toBe(0);
});

it("can mark the very first message unread", async () => {
  const { room, chat, unread, look } = await signedIn((sales) => sales.fill(2));
  await look(1);
  await pass(3000);
  await chat.markUnread("CH1", 0);
  await pass(400);
  expect([room.horizons, unread()]).toEqual([[1, null], 2]);
});

it("marks a room read, and all rooms", async () => {
  const { server, state, chat, room } = await signedIn((sales) => sales.fill(6));
  const support = server.conversations.get("CH2") as FakeConversation;
  support.say("bo", "help");
  chat.openRoom("CH2");
  await chat.markRead("CH1");
  expect([state().rooms.CH1?.unread, state().rooms.CH2?.unread]).toEqual([0, 1]);
  room.say("bo", "again");
  await chat.markAllRead();
  expect([state().rooms.CH1?.unread, state().rooms.CH2?.unread]).toEqual([0, 0]);
});

it("draws the New line where reading went on, and lets it stand while the horizon moves", async () => {
  const { room, look, log, chat } = await signedIn((sales) => {
    sales.fill(4);
    sales.store("ana", "mine, from a phone");
    sales.fill(2);
    sales.lastReadMessageIndex = 3;
  });
  await look(6);
  await pass(1000);
  expect([room.horizons, log()?.line, log()?.lineCount]).toEqual([[6], 5, 3]);
  room.say("bo", "more");
  expect(log()?.line).toBe(5);
  await chat.markRead("CH1");
  expect(log()?.line).toBeNull();
});

it("draws a line for what comes while the person is away or further up, and none while it is read", async () => {
  const { room, chat, attention, look, log } = await signedIn((sales) => sales.fill(3));
  await look(2);
  await pass(1000);
  await chat.markRead("CH1");
  room.say("bo", "read at once");
  expect(log()?.line).toBeNull();
  attention.turn(false);
  room.say("bo", "first unseen");
  room.say("bo", "second unseen");
  expect([log()?.line, log()?.lineCount]).toEqual([4, 2]);
  chat.send("CH1", "back");
  expect(log()?.line).toBeNull();
  chat.sees("CH1", 0, false);
  attention.turn(true);
  await pass(10);
  const below = room.say("bo", "below").index;
  expect(log()?.line).toBe(below);
});
