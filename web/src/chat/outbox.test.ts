import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fixture } from "./testing/fixture";

const cutOff = () => Promise.reject(new Error("disconnected"));
const refused = () =>
  Promise.reject(Object.assign(new Error("Forbidden"), { status: 403, body: { message: "No right." } }));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function open() {
  const all = fixture();
  const room = all.server.room("CH1", "#sales");
  await all.enter();
  all.chat.openRoom("CH1");
  await all.settled();
  return { ...all, room };
}

describe("sending", () => {
  it("shows the message at once and replaces it, under the same key, by what the server stored", async () => {
    const { chat, state, bodies, unsent } = await open();
    chat.send("CH1", "hello");
    const cid = state().outbox.CH1?.[0]?.cid;
    expect(unsent("CH1")).toEqual(["sending: hello"]);
    await vi.runAllTimersAsync();
    expect(unsent("CH1")).toEqual([]);
    expect(bodies("CH1")).toEqual(["hello"]);
    expect(state().logs.CH1?.messages[0]?.key).toBe(cid);
  });

  it("sends one after another in a room, so that the order holds", async () => {
    const { chat, room, bodies } = await open();
    let finish = (_: number) => {};
    room.outcomes.push(() => new Promise((resolve) => (finish = resolve)));
    const send = vi.spyOn(room, "sendMessage");
    for (const text of ["1", "2", "3"]) chat.send("CH1", text);
    await vi.advanceTimersByTimeAsync(100);
    expect(send).toHaveBeenCalledTimes(1);
    room.say("ana", "1", chat.store.getState().outbox.CH1?.[0]?.cid);
    finish(0);
    await vi.runAllTimersAsync();
    expect(bodies("CH1")).toEqual(["1", "2", "3"]);
  });

  it.each([
    ["heard of before the answer", true],
    ["heard of after the answer", false],
  ])("takes a message whose author and attributes a webhook replaced for its own: %s", async (_, before) => {
    const { chat, server, room, state, bodies, unsent } = await open();
    room.outcomes.push(async () => (before ? room.say("bot", "***") : room.store("bot", "***")).index);
    chat.send("CH1", "hello");
    await vi.advanceTimersByTimeAsync(100);
    if (!before) {
      expect(unsent("CH1")).toEqual(["sent: hello"]);
      for (const message of room.stored) server.client.emit("messageAdded", message);
    }
    expect(unsent("CH1")).toEqual([]);
    expect(bodies("CH1")).toEqual(["***"]);
    expect(state().logs.CH1?.messages).toHaveLength(1);
  });

  it("waits without a connection and goes out with it", async () => {
    const { chat, server, bodies, unsent } = await open();
    server.client.state("connecting");
    chat.send("CH1", "hello");
    expect(unsent("CH1")).toEqual(["queued: hello"]);
    server.client.state("connected");
    await vi.advanceTimersByTimeAsync(100);
    expect(bodies("CH1")).toEqual(["hello"]);
    expect(unsent("CH1")).toEqual([]);
  });
});

describe("a send that was cut off", () => {
  it("stays, keeps those behind it waiting, and is repeated in order under its cid on return", async () => {
    const { chat, server, room, bodies, unsent } = await open();
    room.outcomes.push(() => {
      server.client.connectionState = "connecting";
      return cutOff();
    });
    chat.send("CH1", "1");
    chat.send("CH1", "2");
    await vi.advanceTimersByTimeAsync(10);
    server.client.state("connecting");
    expect(unsent("CH1")).toEqual(["cutOff: 1", "queued: 2"]);
    const cid = chat.store.getState().outbox.CH1?.[0]?.cid;
    server.client.state("connected");
    await vi.advanceTimersByTimeAsync(100);
    expect(bodies("CH1")).toEqual(["1", "2"]);
    expect(room.stored[0]?.attributes).toEqual({ cid });
  });

  it("is not sent again if the server had stored it", async () => {
    const { chat, server, room, bodies, unsent } = await open();
    room.outcomes.push(() => {
      room.store("ana", "hello", chat.store.getState().outbox.CH1?.[0]?.cid);
      server.client.connectionState = "connecting";
      return cutOff();
    });
    chat.send("CH1", "hello");
    await vi.advanceTimersByTimeAsync(10);
    server.client.state("connecting");
    const again = vi.spyOn(room, "sendMessage");
    server.client.state("connected");
    await vi.advanceTimersByTimeAsync(100);
    expect(again).not.toHaveBeenCalled();
    expect(bodies("CH1")).toEqual(["hello"]);
    expect(unsent("CH1")).toEqual([]);
  });

  it("can be retried by hand, under the same cid", async () => {
    const { chat, room, bodies, unsent } = await open();
    room.outcomes.push(cutOff);
    chat.send("CH1", "hello");
    await vi.advanceTimersByTimeAsync(10);
    expect(unsent("CH1")).toEqual(["cutOff: hello"]);
    const cid = chat.store.getState().outbox.CH1?.[0]?.cid ?? "";
    await chat.retry("CH1", cid);
    await vi.advanceTimersByTimeAsync(10);
    expect(bodies("CH1")).toEqual(["hello"]);
    expect(room.stored[0]?.attributes).toEqual({ cid });
  });

  it("is repeated when the service may have forgotten its cid, if the log has not got it", async () => {
    const { chat, server, room, bodies, unsent } = await open();
    room.outcomes.push(cutOff);
    chat.send("CH1", "hello");
    await vi.advanceTimersByTimeAsync(10);
    server.client.state("connecting");
    vi.setSystemTime(Date.now() + 20 * 60_000);
    server.client.state("connected");
    await vi.advanceTimersByTimeAsync(100);
    expect(unsent("CH1")).toEqual([]);
    expect(bodies("CH1")).toEqual(["hello"]);
  });

  it("is left to the person when the log since is too long to look through, and the service may have forgotten it", async () => {
    const { chat, server, room, bodies, unsent, state } = await open();
    room.outcomes.push(cutOff);
    chat.send("CH1", "hello");
    chat.send("CH1", "behind it");
    await vi.advanceTimersByTimeAsync(10);
    server.client.state("connecting");
    vi.setSystemTime(Date.now() + 20 * 60_000);
    room.fill(1001);
    server.client.state("connected");
    await vi.advanceTimersByTimeAsync(100);
    expect(unsent("CH1")).toEqual(["refused: hello"]);
    expect(bodies("CH1").at(-1)).toBe("behind it");
    await chat.retry("CH1", state().outbox.CH1?.[0]?.cid ?? "");
    await vi.advanceTimersByTimeAsync(100);
    expect(bodies("CH1").at(-1)).toBe("hello");
  });

  it("is repeated for half a minute while connected, with those behind it waiting, then left to the person", async () => {
    const { chat, room, bodies, unsent } = await open();
    room.outcomes.push(cutOff, cutOff, cutOff, cutOff, cutOff, cutOff);
    chat.send("CH1", "1");
    chat.send("CH1", "2");
    await vi.advanceTimersByTimeAsync(29_000);
    expect(unsent("CH1")).toEqual(["cutOff: 1", "queued: 2"]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(unsent("CH1")).toEqual(["refused: 1"]);
    expect(bodies("CH1")).toEqual(["2"]);
  });
});

describe("a refused send", () => {
  it("stays with the reason and lets the next ones go", async () => {
    const { chat, room, bodies, state, unsent } = await open();
    room.outcomes.push(refused);
    chat.send("CH1", "1");
    chat.send("CH1", "2");
    await vi.advanceTimersByTimeAsync(100);
    expect(unsent("CH1")).toEqual(["refused: 1"]);
    expect(state().outbox.CH1?.[0]?.reason).toBe("No right.");
    expect(bodies("CH1")).toEqual(["2"]);
    chat.discard("CH1", state().outbox.CH1?.[0]?.cid ?? "");
    expect(unsent("CH1")).toEqual([]);
  });
});

it("fetches the log again when a stored message is never heard of", async () => {
  const { chat, room, bodies, unsent } = await open();
  room.outcomes.push(async () => room.store("ana", "hello", chat.store.getState().outbox.CH1?.[0]?.cid).index);
  chat.send("CH1", "hello");
  await vi.advanceTimersByTimeAsync(100);
  expect(unsent("CH1")).toEqual(["sent: hello"]);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(unsent("CH1")).toEqual([]);
  expect(bodies("CH1")).toEqual(["hello"]);
});
