import { expect, it } from "vitest";
import { fixture } from "./testing/fixture";

async function withMessages(count: number) {
  const all = fixture();
  const room = all.server.room("CH1", "#sales");
  for (let index = 0; index < count; index++) room.store("bo", String(index));
  await all.enter();
  all.chat.openRoom("CH1");
  await all.settled();
  return { ...all, room };
}

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
  expect(state().logs.CH1).toMatchObject({ failed: true, busy: false });
  room.failReads = false;
  await chat.loadOlder("CH1");
  expect(state().logs.CH1?.failed).toBe(false);
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

it("drops the oldest rows of a very long log, and can load them again", async () => {
  const { chat, room, state, bodies } = await withMessages(40);
  for (let index = 40; index < 450; index++) room.say("bo", String(index));
  chat.trim("CH1");
  expect(bodies("CH1")).toHaveLength(200);
  await chat.loadOlder("CH1");
  expect(bodies("CH1")).toHaveLength(240);
  expect(state().logs.CH1?.messages[0]?.index).toBe(210);
});
