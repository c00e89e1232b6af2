import { beforeEach, expect, it } from "vitest";
import type { Quote } from "./model";
import { fixture, grant } from "./testing/fixture";

const quote: Quote = { sid: "IM1", index: 4, author: "bo", text: "Who comes?" };
type Fixture = ReturnType<typeof fixture>;

/** Two tabs of one browser. */
let first: Fixture;
let second: Fixture;

beforeEach(async () => {
  first = fixture();
  second = fixture({ storage: first.storage });
  for (const { server, enter } of [first, second]) {
    server.room("CH1", "#sales");
    server.room("CH2", "#support");
    await enter();
  }
});

const saved = ({ storage }: Fixture) => storage.keys().map((key) => [key, JSON.parse(storage.getItem(key) ?? "")]);
/** What somebody finds who opens the page now. */
async function opened(): Promise<Fixture> {
  const tab = fixture({ storage: first.storage });
  await tab.chat.signIn("ana", "secret");
  return tab;
}

it("saves a draft 400 ms after it was typed, and gives it back with what it answers to", async () => {
  const { chat, clock } = first;
  chat.setDraft("CH1", "I");
  chat.setQuote("CH1", quote);
  chat.setDraft("CH1", "I do");
  clock.pass(399);
  expect(saved(first)).toEqual([]);
  clock.pass(1);
  const { state } = await opened();
  expect([state().drafts, state().enclosures.CH1]).toEqual([{ CH1: "I do" }, { quote, silent: false, files: [] }]);
});

it("saves at once when the page goes", async () => {
  first.chat.setDraft("CH1", "half a thou");
  window.dispatchEvent(new Event("pagehide"));
  expect((await opened()).state().drafts).toEqual({ CH1: "half a thou" });
});

it("gives nothing back of what was sent", async () => {
  const { chat, clock, settled } = first;
  chat.setDraft("CH1", "hello");
  clock.pass(400);
  chat.setDraft("CH1", "");
  chat.send("CH1", "hello");
  await settled();
  expect(saved(first)).toEqual([]);
});

it("leaves alone what another tab has typed since", async () => {
  first.chat.setDraft("CH1", "old");
  first.clock.pass(400);
  second.chat.setDraft("CH1", "newer, from the other tab");
  second.chat.setDraft("CH2", "elsewhere");
  second.clock.pass(400);
  first.chat.setDraft("CH1", "");
  await first.settled();
  expect((await opened()).state().drafts).toEqual({ CH1: "newer, from the other tab", CH2: "elsewhere" });
});

it("keeps what is in the page when the same person signs in again", async () => {
  const { chat, state } = first;
  chat.setDraft("CH1", "half a thou");
  await chat.signOut();
  expect(state().drafts).toEqual({});
  await chat.signIn("ana", "secret");
  expect(state().drafts).toEqual({ CH1: "half a thou" });
});

it("shows nothing of it to somebody else, and leaves nothing of it behind", async () => {
  const { chat, api, state } = first;
  chat.setDraft("CH1", "secret");
  await chat.signOut();
  api.login.mockResolvedValueOnce(grant({ identity: "bo" }));
  await chat.signIn("bo", "secret");
  expect(state().drafts).toEqual({});
  expect(first.storage.keys()).toEqual([]);
});

it("keeps fifty, and of each as much as can be sent", async () => {
  const { chat, clock } = first;
  for (let n = 0; n < 60; n++) {
    chat.setDraft(`CH${n}`, "x".repeat(40_000));
    clock.pass(400);
  }
  const all = saved(first);
  expect(all.length).toBe(50);
  expect(new Set(all.map(([, { text }]) => text.length))).toEqual(new Set([32_768]));
});

it("works where nothing can be stored, and takes nothing that is not a draft for one", async () => {
  const { storage, chat, clock, state } = first;
  storage.setItem("draft:ana:CH2", '{"text":7}');
  storage.setItem("draft:ana:CH3", "no JSON");
  expect((await opened()).state().drafts).toEqual({});
  storage.setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  chat.setDraft("CH1", "half a thou");
  clock.pass(400);
  expect(state().drafts.CH1).toBe("half a thou");
});

it("forgets the drafts of a deleted account", async () => {
  first.chat.setDraft("CH1", "half a thou");
  first.clock.pass(400);
  await first.chat.deleteAccount("secret");
  await first.settled();
  expect(first.storage.keys()).toEqual([]);
});
