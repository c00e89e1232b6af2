import { beforeEach, expect, it } from "vitest";
import { ApiError } from "./api";
import { settled } from "./testing/fake-sdk";
import { fixture } from "./testing/fixture";
import { levelOf, mentionCount } from "./unreads";

type Fixture = ReturnType<typeof fixture>;
let all: Fixture;
let sales: ReturnType<Fixture["server"]["room"]>;
const count = () => mentionCount(all.state(), "CH1");

beforeEach(async () => {
  all = fixture();
  sales = all.server.room("CH1", "#sales");
  sales.fill(5);
  sales.lastReadMessageIndex = 4;
});

/** A message that mentions these people, told to the page. */
function say(author: string, body: string, m: string[]): void {
  const message = { ...sales.store(author, body), attributes: { m } };
  all.server.client.emit("messageAdded", message);
}

it("counts what the server knows of, beyond the read horizon", async () => {
  all.messages.unreads.mockResolvedValue({ mentions: { CH1: [2, 7, 9] }, levels: { CH1: "all" } } as never);
  await all.enter();
  await settled();
  expect(count()).toBe(2);
  expect(all.state().levels).toEqual({ CH1: "all" });
  sales.readElsewhere(7);
  expect(count()).toBe(1);
  sales.readElsewhere(0);
  expect(count()).toBe(3);
});

it("adds what is heard live, also in rooms that were never opened: for me and for everybody, not my own", async () => {
  await all.enter();
  say("bo", "@ana", ["ana"]);
  say("bo", "@room", ["@room"]);
  say("bo", "@chen", ["chen"]);
  say("ana", "@room", ["@room"]);
  expect(all.state().mentions).toEqual({ CH1: [5, 6] });
  expect(count()).toBe(2);
});

it("forgets what is deleted, and follows an edit", async () => {
  await all.enter();
  say("bo", "@ana", ["ana"]);
  const heard = sales.stored.at(-1);
  all.server.client.emit("messageUpdated", { message: { ...heard, attributes: { m: [] } } as never });
  expect(count()).toBe(0);
  all.server.client.emit("messageUpdated", { message: { ...heard, attributes: { m: ["ana"] } } as never });
  expect(count()).toBe(1);
  sales.remove(5);
  expect(count()).toBe(0);
});

it("believes what it has heard itself, while the server may not know it yet", async () => {
  await all.enter();
  say("bo", "@ana", ["ana"]);
  say("bo", "@ana", ["ana"]);
  sales.remove(6);
  all.messages.unreads.mockResolvedValue({ mentions: { CH1: [6] }, levels: {} } as never);
  all.clock.pass(31_000);
  all.attention.turn(true);
  await settled();
  expect(all.state().mentions).toEqual({ CH1: [5] });
  all.clock.pass(61_000);
  all.attention.turn(true);
  await settled();
  expect(all.state().mentions).toEqual({ CH1: [6] });
});

it("asks again after a reconnect, and when it is looked at, but not all the time", async () => {
  await all.enter();
  await settled();
  expect(all.messages.unreads).toHaveBeenCalledTimes(1);
  all.attention.turn(true);
  expect(all.messages.unreads).toHaveBeenCalledTimes(1);
  all.server.client.state("connecting");
  all.server.client.state("connected");
  expect(all.messages.unreads).toHaveBeenCalledTimes(2);
  all.clock.pass(31_000);
  all.attention.turn(true);
  expect(all.messages.unreads).toHaveBeenCalledTimes(3);
});

it("lives without an answer", async () => {
  all.messages.unreads.mockRejectedValue(new ApiError(503, "backend_unavailable", "x"));
  await all.enter();
  say("bo", "@ana", ["ana"]);
  expect(count()).toBe(1);
});

it("keeps a level when it is saved, and not when that is refused", async () => {
  await all.enter();
  await all.chat.setLevel("CH1", "all");
  expect(all.messages.setLevel).toHaveBeenCalledWith("CH1", "all");
  all.messages.setLevel.mockRejectedValueOnce(new ApiError(0, "network", ""));
  await expect(all.chat.setLevel("CH1", "mentions")).rejects.toThrow();
  expect(all.state().levels.CH1).toBe("all");
  await all.chat.setLevel("CH1", "muted");
  expect(sales.notificationLevel).toBe("muted");
  await all.chat.setLevel("CH1", "all");
  expect(sales.notificationLevel).toBe("default");
});

it("tells of everything in direct messages and of mentions in rooms, unless something else was chosen", () => {
  const room = { sid: "CH1", kind: "room" as const, muted: false };
  expect(levelOf(room, {})).toBe("mentions");
  expect(levelOf({ ...room, kind: "dm" }, {})).toBe("all");
  expect(levelOf(room, { CH1: "all" })).toBe("all");
  expect(levelOf({ ...room, muted: true }, { CH1: "all" })).toBe("muted");
});
