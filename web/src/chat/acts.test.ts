import { beforeEach, describe, expect, it } from "vitest";
import { reactionsWith, undoWithin } from "./acts";
import { ApiError } from "./api";
import { fixture, grant } from "./testing/fixture";

const refused = new ApiError(403, "not_allowed", "No.");

async function room() {
  const all = fixture();
  const fake = all.server.room("CH1", "#sales");
  fake.join("ana");
  fake.join("bo");
  fake.fill(3, "ana");
  all.api.login.mockResolvedValue(grant());
  await all.enter();
  all.chat.openRoom("CH1");
  await all.settled();
  const message = (index: number) => all.state().logs.CH1?.messages.find((entry) => entry.index === index);
  const sid = (index: number) => message(index)?.sid ?? "";
  return { ...all, fake, message, sid };
}
let here: Awaited<ReturnType<typeof room>>;
beforeEach(async () => {
  here = await room();
});

describe("edit", () => {
  it("shows at once, and tells the server whom the text mentions", async () => {
    const { chat, message, messages, sid } = here;
    const done = chat.edit("CH1", 1, "for @bo and @nobody");
    expect(message(1)).toMatchObject({ body: "for @bo and @nobody", mentions: ["bo"] });
    expect(message(1)?.editedAt).toBeGreaterThan(0);
    await done;
    expect(messages.edit).toHaveBeenCalledWith("CH1", sid(1), "for @bo and @nobody", ["bo"]);
  });

  it("is taken back when it is refused, unless something newer has been heard", async () => {
    const { chat, message, messages, fake, server } = here;
    messages.edit.mockRejectedValueOnce(refused);
    await expect(chat.edit("CH1", 1, "x")).rejects.toBe(refused);
    expect(message(1)).toMatchObject({ body: "1", editedAt: null });
    messages.edit.mockImplementationOnce(async () => {
      const heard = { ...fake.stored[1], body: "from another tab" };
      server.client.emit("messageUpdated", { message: heard as never });
      throw refused;
    });
    await expect(chat.edit("CH1", 1, "y")).rejects.toBe(refused);
    expect(message(1)?.body).toBe("from another tab");
  });

  it("asks nothing when nothing has changed", async () => {
    await here.chat.edit("CH1", 1, "1");
    expect(here.messages.edit).not.toHaveBeenCalled();
  });
});

describe("remove", () => {
  it("hides at once, and deletes when it can no longer be taken back", async () => {
    const { chat, clock, state, messages, sid } = here;
    const done = chat.remove("CH1", 1);
    expect(state().hidden).toEqual({ [sid(1)]: true });
    clock.pass(undoWithin - 1);
    expect(messages.remove).not.toHaveBeenCalled();
    clock.pass(1);
    await done;
    expect(messages.remove).toHaveBeenCalledExactlyOnceWith("CH1", sid(1), false);
    expect(state().hidden).toEqual({ [sid(1)]: true });
  });

  it("can be taken back, and then deletes nothing", async () => {
    const { chat, clock, state, messages, sid } = here;
    const done = chat.remove("CH1", 1);
    chat.restore(sid(1));
    await done;
    clock.pass(undoWithin * 2);
    expect(state().hidden).toEqual({});
    expect(messages.remove).not.toHaveBeenCalled();
  });

  it("shows the message again when it is refused", async () => {
    const { chat, clock, state, messages } = here;
    messages.remove.mockRejectedValueOnce(refused);
    const done = chat.remove("CH1", 1);
    clock.pass(undoWithin);
    await expect(done).rejects.toBe(refused);
    expect(state().hidden).toEqual({});
  });

  it("does not wait when the page goes, or the person signs out", async () => {
    const { chat, messages, sid, api } = here;
    const [first, second] = [sid(0), sid(1)];
    chat.remove("CH1", 0);
    await chat.leavesPage();
    expect(messages.remove).toHaveBeenCalledExactlyOnceWith("CH1", first, true);
    chat.remove("CH1", 1);
    api.logout.mockImplementationOnce(async () =>
      expect(messages.remove).toHaveBeenLastCalledWith("CH1", second, false),
    );
    await chat.signOut();
    expect(api.logout).toHaveBeenCalled();
  });
});

describe("react", () => {
  it("sends one wish at a time, and in the end the last one", async () => {
    const { chat, messages, sid, state } = here;
    let answer = () => {};
    messages.react.mockImplementationOnce(() => new Promise<void>((resolve) => (answer = resolve)));
    const done = chat.react("CH1", sid(1), "👍", true);
    chat.react("CH1", sid(1), "👍", false);
    chat.react("CH1", sid(1), "👍", true);
    chat.react("CH1", sid(1), "👍", false);
    expect(state().reacting).toEqual({ [sid(1)]: { "👍": false } });
    answer();
    await done;
    expect(messages.react.mock.calls.map((call) => (call as unknown[])[3])).toEqual([true, false]);
  });

  it("is shown until the server has said so too, and taken back when it is refused", async () => {
    const { chat, messages, sid, state, clock } = here;
    await chat.react("CH1", sid(1), "👍", true);
    expect(state().reacting).toEqual({ [sid(1)]: { "👍": true } });
    clock.pass(10_000);
    expect(state().reacting).toEqual({});
    messages.react.mockRejectedValueOnce(refused);
    const done = chat.react("CH1", sid(1), "🎉", true);
    expect(state().reacting).toEqual({ [sid(1)]: { "🎉": true } });
    await expect(done).rejects.toBe(refused);
    expect(state().reacting).toEqual({});
  });

  it("goes over what the server says, whatever that is meanwhile", () => {
    const told = [
      { emoji: "👍", count: 2, people: ["bo", "ana"] },
      { emoji: "🎉", count: 57, people: ["bo"] },
      { emoji: "😀", count: 1, people: ["ana"] },
    ];
    expect(reactionsWith(told, undefined, "ana")).toBe(told);
    expect(reactionsWith(told, { "👍": true, "🎉": true, "😀": false, "🚀": true, x: false }, "ana")).toEqual([
      { emoji: "👍", count: 2, people: ["bo", "ana"] },
      { emoji: "🎉", count: 58, people: ["bo", "ana"] },
      { emoji: "🚀", count: 1, people: ["ana"] },
    ]);
  });
});

it("has the message of one index edited in its place, or none", () => {
  const { chat, state } = here;
  chat.startEditing("CH1", 1);
  expect(state().editing).toEqual({ CH1: { index: 1, text: null } });
  chat.startEditing("CH1", null);
  expect(state().editing).toEqual({});
});
