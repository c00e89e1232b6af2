import { expect, it } from "vitest";
import { avatarOf, nameOf } from "./person";
import { fixture } from "./testing/fixture";

const hash = "0123456789abcdef".repeat(4);
const picture = `/api/avatars/${hash}`;

/** Ana looks at a room with these people in it. */
async function inRoom(...others: string[]) {
  const setting = fixture();
  const room = setting.server.room("CH1", "#sales");
  for (const identity of ["ana", ...others]) room.join(identity);
  await setting.enter();
  setting.chat.openRoom("CH1");
  await setting.settled();
  const person = (identity: string) => setting.state().people[identity];
  return { ...setting, room, person };
}

const many = (count: number, prefix = "p") => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

it("hears of a new name, a picture and a coming while subscribed", async () => {
  const { server, state, settled, person } = await inRoom("bo");
  const bo = server.users.get("bo");
  bo?.change({ friendlyName: "Bo Lindqvist", isOnline: true });
  expect(person("bo")).toEqual({ identity: "bo", name: "Bo Lindqvist", avatar: null, online: true });
  bo?.change({ friendlyName: "Bo L.", attributes: { v: 1, avatar: picture } });
  expect(person("bo")).toMatchObject({ name: "Bo L.", avatar: picture, online: true });
  server.users.get("ana")?.change({ friendlyName: "Ana the Great" });
  await settled();
  expect([person("ana")?.name, state().me?.name]).toEqual(["Ana the Great", "Ana the Great"]);
});

it("leaves an entry as it is when nothing about it has changed", async () => {
  const { server, person } = await inRoom("bo");
  const before = person("bo");
  server.users.get("bo")?.change({});
  expect(person("bo")).toBe(before);
});

it("shows somebody as away only when they have been for ten seconds", async () => {
  const { server, clock, person } = await inRoom("bo");
  const bo = server.users.get("bo");
  bo?.change({ isOnline: true });
  bo?.change({ isOnline: false });
  bo?.change({ friendlyName: "Bo" }); // another change meanwhile does not begin the wait anew
  clock.pass(9_999);
  expect(person("bo")?.online).toBe(true);
  clock.pass(1);
  expect(person("bo")).toMatchObject({ name: "Bo", online: false });
});

it("does not flicker with somebody whose connection does", async () => {
  const { server, clock, person } = await inRoom("bo");
  const bo = server.users.get("bo");
  bo?.change({ isOnline: true });
  for (let turn = 0; turn < 5; turn++) {
    bo?.change({ isOnline: false });
    clock.pass(6_000);
    bo?.change({ isOnline: true });
    clock.pass(6_000);
    expect(person("bo")?.online).toBe(true);
  }
  bo?.change({ isOnline: false });
  clock.pass(10_000);
  expect(person("bo")?.online).toBe(false);
  bo?.change({ isOnline: true });
  expect(person("bo")?.online).toBe(true);
});

it("shows at once who is away when they are first heard of, and nothing where the service does not tell", async () => {
  const { server, chat, settled, person } = await inRoom("bo");
  expect(person("bo")?.online).toBeNull();
  server.person("chen", { isOnline: false });
  server.room("CH2", "#board").join("chen");
  server.client.emit("conversationJoined", server.room("CH2", "#board"));
  server.conversations.get("CH2")?.join("chen");
  chat.openRoom("CH2");
  await settled();
  expect(person("chen")?.online).toBe(false);
});

it("subscribes to nobody of rooms that are not open", async () => {
  const { server, chat, enter, settled } = fixture();
  server.room("CH1", "#sales").join("bo");
  server.room("CH2", "#board").join("chen");
  await enter();
  await settled();
  expect(server.client.askedFor).toEqual(["ana"]);
  chat.openRoom("CH1");
  await settled();
  expect(server.client.subscriptions).toEqual(["bo"]);
});

it("never holds more than the SDK keeps, and drops nobody who is looked at", async () => {
  const { server, chat, settled, state } = await inRoom(...many(150));
  const { client } = server;
  expect(client.subscriptions).toHaveLength(90);
  const big = [...client.subscriptions];
  const small = server.room("CH2", "#board");
  for (const identity of ["ana", ...many(40, "q")]) small.join(identity);
  client.emit("conversationJoined", small);
  chat.openRoom("CH2");
  await settled();
  expect(client.subscriptions).toHaveLength(99); // and Ana
  expect(many(40, "q").every((identity) => client.subscriptions.includes(identity))).toBe(true);
  const dropped = big.filter((identity) => !client.subscriptions.includes(identity));
  expect(dropped).toHaveLength(31);
  server.users.get(dropped[0] ?? "")?.change({ isOnline: true });
  expect(state().people[dropped[0] ?? ""]).toMatchObject({ online: null });
});

it("knows no longer whether those are there whom it had to drop, but what they are called", async () => {
  const { server, chat, settled, person } = await inRoom(...many(80));
  server.users.get("p0")?.change({ friendlyName: "Pia", isOnline: true });
  server.users.get("p0")?.change({ isOnline: false }); // and the wait for her is over with it
  const other = server.room("CH2", "#board");
  for (const identity of ["ana", ...many(80, "q")]) other.join(identity);
  server.client.emit("conversationJoined", other);
  chat.openRoom("CH2");
  await settled();
  expect(server.client.subscriptions).not.toContain("p0");
  expect(person("p0")).toMatchObject({ name: "Pia", online: null });
  chat.openRoom("CH1");
  await settled();
  expect(person("p0")).toMatchObject({ name: "Pia", online: false });
});

it("asks for names of others in turn, in the places that are left", async () => {
  const { server, chat, settled, state } = await inRoom(...many(150));
  chat.nameAll(many(60, "author"));
  await settled();
  await settled();
  const named = many(60, "author").filter((identity) => state().people[identity]);
  expect(named).toHaveLength(60);
  expect(server.client.subscriptions.length).toBeLessThanOrEqual(99);
  expect(many(90).every((identity) => server.client.subscriptions.includes(identity))).toBe(true);
  chat.nameAll(many(60, "author"));
  await settled();
  expect(server.client.askedFor).toHaveLength(1 + 90 + 60);
});

it("drops nobody whose answer is on the way", async () => {
  const setting = fixture();
  const { server, chat, settled } = setting;
  const room = server.room("CH1", "#sales");
  for (const identity of many(95)) room.join(identity);
  await setting.enter();
  let answer = () => {};
  server.client.usersDelay = new Promise((resolve) => {
    answer = resolve;
  });
  chat.openRoom("CH1");
  await settled();
  const other = server.room("CH2", "#board");
  for (const identity of many(60, "q")) other.join(identity);
  server.client.emit("conversationJoined", other);
  chat.openRoom("CH2");
  await settled();
  expect(server.client.askedFor.length).toBeLessThanOrEqual(100);
  answer();
  for (let turn = 0; turn < 5; turn++) await settled();
  expect(many(60, "q").every((identity) => server.client.subscriptions.includes(identity))).toBe(true);
});

it("watches the people of the latest direct messages before those of the room", async () => {
  const { server, settled } = await inRoom(...many(150));
  for (const identity of many(35, "friend")) {
    const dm = server.room(`DM${identity}`, "dm");
    dm.attributes = { v: 1, kind: "dm", members: ["ana", identity] };
    server.client.emit("conversationJoined", dm);
  }
  await settled();
  const friends = server.client.subscriptions.filter((identity) => identity.startsWith("friend"));
  expect(friends).toHaveLength(30);
  expect(server.client.subscriptions.length).toBeLessThanOrEqual(99);
});

it("hears when the SDK drops somebody by itself, and subscribes again when they are looked at", async () => {
  const { server, chat, settled, person } = await inRoom("bo");
  server.users.get("bo")?.change({ isOnline: true });
  server.client.drop("bo");
  expect(person("bo")?.online).toBeNull();
  chat.openRoom(null);
  chat.openRoom("CH1");
  await settled();
  expect(person("bo")?.online).toBe(true);
});

it("does not ask again for somebody whom nobody knows, but for those whose answer was lost with the line", async () => {
  const { server, chat, settled } = await inRoom();
  const { client } = server;
  client.failUsers = true;
  chat.nameAll(["ghost"]);
  await settled();
  chat.nameAll(["ghost"]);
  await settled();
  expect(client.askedFor).toEqual(["ana", "ghost"]);
  chat.nameAll(["bo"]);
  client.state("connecting");
  await settled();
  client.failUsers = false;
  client.state("connected");
  await settled();
  expect(client.askedFor).toEqual(["ana", "ghost", "bo"]);
  expect(client.subscriptions).toEqual(["bo"]);
});

it("keeps what it knew over a new client, and takes the presence of nobody who is not looked at for granted", async () => {
  const { server, chat, settled, person, state } = await inRoom("bo");
  server.users.get("bo")?.change({ friendlyName: "Bo Lindqvist", isOnline: true });
  chat.nameAll(["chen"]);
  await settled();
  server.users.get("chen")?.change({ isOnline: true });
  expect(person("chen")?.online).toBe(true);
  await chat.signIn("ana", "secret");
  expect(person("bo")).toMatchObject({ name: "Bo Lindqvist", online: true });
  expect(person("chen")?.online).toBeNull();
  expect(state().members.CH1).toHaveLength(2);
  server.person("bo", { friendlyName: "Bo Lindqvist", isOnline: false });
  await server.client.start();
  await settled();
  expect(server.client.subscriptions).toEqual(["bo"]);
});

it("forgets everybody with the person who signs out, also those who are about to be shown as away", async () => {
  const { server, chat, clock, state } = await inRoom("bo");
  server.users.get("bo")?.change({ isOnline: true });
  server.users.get("bo")?.change({ isOnline: false });
  await chat.signOut();
  clock.pass(20_000);
  expect(state().people).toEqual({});
});

it("takes names of the chat application for people of whom the SDK tells nothing", async () => {
  const { chat, server, person } = await inRoom("bo");
  server.users.get("bo")?.change({ friendlyName: "Bo, just renamed" });
  chat.learn([
    { identity: "bo", name: "Bo", avatar: null },
    { identity: "dana", name: "Dana Okafor", avatar: picture },
    { identity: "eve", name: "Eve", avatar: "https://evil.example/track.gif" },
  ]);
  expect(person("bo")?.name).toBe("Bo, just renamed");
  expect(person("dana")).toEqual({ identity: "dana", name: "Dana Okafor", avatar: picture, online: null });
  expect(person("eve")?.avatar).toBeNull();
});

it("says when it cannot be found out who is in a room, and tries again when asked", async () => {
  const { server, chat, enter, settled, state } = fixture();
  const room = server.room("CH1", "#sales");
  room.join("ana");
  room.failParticipants = true;
  await enter();
  chat.openRoom("CH1");
  await settled();
  expect([state().members.CH1, state().membersFailed.CH1]).toEqual([undefined, true]);
  room.failParticipants = false;
  await chat.reloadMembers("CH1");
  expect([state().members.CH1?.length, state().membersFailed.CH1]).toEqual([1, undefined]);
});

it("takes a room without anybody for one that could not be read", async () => {
  const { server, chat, enter, settled, state } = fixture();
  server.room("CH1", "#sales");
  await enter();
  chat.openRoom("CH1");
  await settled();
  expect([state().members.CH1, state().membersFailed.CH1]).toEqual([undefined, true]);
});

it("notes that somebody's role has changed, in their place", async () => {
  const { server, room, state } = await inRoom("bo", "chen");
  const [, bo] = room.participants;
  if (bo) server.client.emit("participantUpdated", { participant: { ...bo, roleSid: "RLmoderator" } });
  expect(state().members.CH1?.map(({ identity, roleSid }) => `${identity} ${roleSid}`)).toEqual([
    "ana RLuser",
    "bo RLmoderator",
    "chen RLuser",
  ]);
});

it.each([
  undefined,
  null,
  "text",
  { avatar: 7 },
  { avatar: { toString: () => picture } },
  { avatar: [picture] },
  { avatar: "" },
  { avatar: "https://evil.example/track.gif" },
  { avatar: `//evil.example${picture}` },
  { avatar: `https://evil.example${picture}` },
  { avatar: `${picture}?size=1` },
  { avatar: `${picture}#x` },
  { avatar: `${picture}\n` },
  { avatar: `\n${picture}` },
  { avatar: ` ${picture}` },
  { avatar: picture.toUpperCase() },
  { avatar: picture.slice(0, -1) },
  { avatar: `${picture}0` },
  { avatar: `/api/avatars/../../api/logout` },
  { avatar: `/api/avatars/${"g".repeat(64)}` },
  { avatar: "javascript:alert(1)" },
  { avatar: "data:image/svg+xml,<svg onload=alert(1)>" },
])("does not believe the picture of %j", (attributes) => {
  expect(avatarOf(attributes)).toBeNull();
});

it("believes a picture of the chat application", () => {
  expect(avatarOf({ v: 1, avatar: picture, tz: "Europe/Berlin" })).toBe(picture);
});

it.each([
  ["Bo Lindqvist", "Bo Lindqvist"],
  ["  Bo \n\n Lindqvist\u0000 ", "Bo Lindqvist"],
  ["\u202eevil\u202c", "evil"],
  ["", "bo"],
  [null, "bo"],
  ["\n\t\u2067", "bo"],
  ["👩‍👩‍👧 Ana", "👩‍👩‍👧 Ana"],
  ["x".repeat(5000), "x".repeat(100)],
])("calls %j by a tame name", (friendlyName, name) => {
  expect(nameOf({ identity: "bo", friendlyName })).toBe(name);
});
