import { beforeEach, expect, it, vi } from "vitest";
import type { Popups } from "./notify";
import { fixture } from "./testing/fixture";

function popups() {
  let seen: (sid: string, index: number) => void = () => {};
  const fake = {
    on: true,
    wanted: () => fake.on,
    show: vi.fn<Popups["show"]>(),
    close: vi.fn<Popups["close"]>(),
    tellSeen: vi.fn<Popups["tellSeen"]>(),
    onSeen: (heard: typeof seen) => {
      seen = heard;
    },
    seeElsewhere: (sid: string, index: number) => seen(sid, index),
  };
  return fake;
}

let all: ReturnType<typeof fixture>;
let shown: ReturnType<typeof popups>;
let sales: ReturnType<typeof all.server.room>;
let dm: ReturnType<typeof all.server.room>;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-20T10:00:30Z") });
  shown = popups();
  all = fixture({ popups: shown });
  sales = all.server.room("CH1", "#sales");
  dm = all.server.room("CH2", "dm");
  dm.attributes = { kind: "dm", members: ["ana", "bo"] };
  for (const room of [sales, dm]) {
    room.fill(1);
    room.lastReadMessageIndex = 0;
  }
  await all.enter();
  all.attention.turn(false);
  return () => vi.useRealTimers();
});

function say(room: typeof sales, author: string, body: string, m: string[] = []): void {
  all.server.client.emit("messageAdded", { ...room.store(author, body), attributes: { m } });
}
const told = () => shown.show.mock.calls.map(([{ sid, index, room, text }]) => [sid, index, room, text]);
const pass = () => all.clock.pass(700);

it("tells of mentions in rooms and of all in direct messages, never of one's own", () => {
  say(sales, "bo", "nothing for me");
  say(sales, "bo", "@ana look", ["ana"]);
  say(dm, "bo", "hello");
  say(dm, "ana", "written elsewhere");
  expect(told()).toEqual([]);
  pass();
  expect(told()).toEqual([
    ["CH1", 2, "#sales", "@ana look"],
    ["CH2", 1, null, "hello"],
  ]);
});

it("obeys the level of the room", async () => {
  await all.chat.setLevel("CH1", "all");
  say(sales, "bo", "anything");
  pass();
  expect(told()).toHaveLength(1);
  await all.chat.setLevel("CH2", "muted");
  say(dm, "bo", "muted");
  pass();
  expect(told()).toHaveLength(1);
});

it("is silent about the room that is looked at, and tells the other tabs that it is", () => {
  all.chat.openRoom("CH2");
  all.attention.turn(true);
  say(dm, "bo", "hello");
  pass();
  expect(told()).toEqual([]);
  expect(shown.tellSeen).toHaveBeenCalledWith("CH2", 1);
  say(sales, "bo", "@ana", ["ana"]);
  pass();
  expect(told()).toEqual([["CH1", 1, "#sales", "@ana"]]);
});

it("is silent about what another tab or device has read meanwhile", () => {
  say(dm, "bo", "one");
  shown.seeElsewhere("CH2", 1);
  say(sales, "bo", "@ana", ["ana"]);
  sales.readElsewhere(1);
  pass();
  expect(told()).toEqual([]);
});

it("takes back what was shown when it is read", () => {
  say(dm, "bo", "one");
  pass();
  shown.close.mockClear();
  dm.readElsewhere(1);
  expect(shown.close).toHaveBeenCalledExactlyOnceWith("CH2");
});

it("tells nothing of what is long ago when a lost connection comes back, nor of what is read", () => {
  vi.setSystemTime(new Date("2026-11-20T11:00:00Z"));
  say(dm, "bo", "old");
  vi.setSystemTime(new Date("2026-11-20T10:00:30Z"));
  sales.lastReadMessageIndex = 5;
  sales.readElsewhere(6);
  say(sales, "bo", "@ana", ["ana"]);
  pass();
  expect(told()).toEqual([]);
});

it("tells at most three at once, and of the rest the last of each room a little later", () => {
  for (let n = 0; n < 5; n++) {
    say(dm, "bo", `message ${n}`);
    pass();
  }
  expect(told().map(([, , , text]) => text)).toEqual(["message 0", "message 1", "message 2"]);
  all.clock.pass(5_000);
  expect(told().map(([, , , text]) => text)).toEqual(["message 0", "message 1", "message 2", "message 4"]);
});

it("leads to the message when it is pressed", () => {
  const lead = vi.fn();
  all.chat.onNotice(lead);
  say(dm, "bo", "hello");
  pass();
  shown.show.mock.calls[0]?.[1]();
  expect(lead).toHaveBeenCalledWith("CH2", 1);
});

it("shows nothing where they are turned off, but notes that there was something to tell", () => {
  shown.on = false;
  expect(all.state().noticed).toBe(false);
  say(dm, "bo", "hello");
  pass();
  expect(told()).toEqual([]);
  expect(all.state().noticed).toBe(true);
});

it("says nothing any more of whoever has signed out", async () => {
  say(dm, "bo", "hello");
  shown.close.mockClear();
  await all.chat.signOut();
  pass();
  expect(told()).toEqual([]);
  expect(shown.close).toHaveBeenCalledWith();
});
