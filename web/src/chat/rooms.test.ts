import { expect, it, vi } from "vitest";
import { fixture, grant } from "./testing/fixture";

it("lists the names of the sign-in answer at once, and drops rooms that the client does not find", async () => {
  const { api, chat, server, state, settled } = fixture();
  api.login.mockResolvedValue(
    grant({
      chatrooms: [
        ["#sales", "CH1"],
        ["#old", "CH9"],
      ],
    }),
  );
  server.room("CH1", "#sales");
  await chat.signIn("ana");
  expect(Object.values(state().rooms).map((room) => room.name)).toEqual(["#sales", "#old"]);
  expect(state().roomsReady).toBe(false);
  await server.client.start();
  await settled();
  expect(Object.keys(state().rooms)).toEqual(["CH1"]);
  expect(state().roomsReady).toBe(true);
});

it("keeps what was written in a room that the client has not found, and sends it if it is found later", async () => {
  const { chat, server, state, bodies, settled } = fixture();
  server.room("CH1", "#sales");
  await chat.signIn("ana");
  chat.send("CH9", "left from before");
  await server.client.start();
  expect(state().gone.CH9).toMatchObject({ why: "gone", unsent: "left from before" });
  expect(state().outbox.CH9).toHaveLength(1);
  server.client.emit("conversationJoined", server.room("CH9", "#skipped"));
  chat.openRoom("CH9");
  await settled();
  expect([bodies("CH9"), state().gone, state().outbox.CH9]).toEqual([["left from before"], {}, []]);

  await chat.signOut();
  server.conversations.delete("CH9");
  await chat.signIn("ana");
  chat.send("CH9", "too late");
  await server.client.start();
  chat.leaveGone("CH9");
  expect([state().gone, state().outbox]).toEqual([{}, {}]);
});

it("hears of rooms that come, change and go", async () => {
  const { server, state, enter } = fixture();
  await enter();
  const room = server.room("CH2", "#new");
  room.attributes = { visibility: "private" };
  server.client.emit("conversationJoined", room);
  expect(state().rooms.CH2).toMatchObject({ name: "#new", isPrivate: true });
  room.friendlyName = "#newer";
  server.client.emit("conversationUpdated", { conversation: room, updateReasons: ["friendlyName"] });
  expect(state().rooms.CH2?.name).toBe("#newer");
  server.client.emit("conversationLeft", room);
  server.client.emit("conversationRemoved", room);
  expect(state().rooms.CH2).toBeUndefined();
});

it("asks after a reconnect for the rooms that the SDK gave up when the line broke", async () => {
  const { server, state, settled, enter } = fixture();
  server.room("CH1", "#sales");
  await enter();
  for (const sid of ["CH2", "CH3"]) {
    server.room(sid, `#${sid}`);
    server.skipped.add(sid);
  }
  server.client.state("connecting");
  server.client.state("connected");
  await settled();
  expect(Object.keys(state().rooms)).toEqual(["CH1", "CH2", "CH3"]);
});

it("reads neither messages nor people of rooms that were not opened", async () => {
  const { server, state, enter } = fixture();
  const room = server.room("CH1", "#sales");
  await enter();
  room.say("bo", "hello");
  expect([room.reads, room.counted]).toEqual([0, 0]);
  expect(state().rooms.CH1?.unread).toBe(1);
});

it("mutes a room, and hears of it in every tab", async () => {
  const { chat, server, state, enter } = fixture();
  server.room("CH1", "#sales");
  await enter();
  await chat.setLevel("CH1", "muted");
  expect(state().rooms.CH1?.muted).toBe(true);
});

it("forgets after seven seconds who types, if the end was not heard of", async () => {
  const { server, state, enter } = fixture();
  const room = server.room("CH1", "#sales");
  const bo = room.join("bo");
  await enter();
  vi.useFakeTimers();
  server.client.emit("typingStarted", bo);
  vi.advanceTimersByTime(5_000);
  server.client.emit("typingStarted", bo);
  vi.advanceTimersByTime(6_999);
  expect(state().typing.CH1).toEqual(["bo"]);
  vi.advanceTimersByTime(1);
  expect(state().typing.CH1).toEqual([]);
  vi.useRealTimers();
});

it("says why an open room went, and keeps what was not sent", async () => {
  const { chat, server, state, enter } = fixture();
  const sales = server.room("CH1", "#sales");
  const board = server.room("CH2", "#board");
  await enter();
  chat.openRoom("CH1");
  chat.setDraft("CH1", "half a thou");
  server.client.emit("conversationLeft", sales);
  expect(state().gone.CH1).toEqual({ name: "#sales", why: "gone", unsent: "half a thou" });
  chat.openRoom("CH2");
  server.client.emit("participantLeft", board.join("ana"));
  server.client.emit("conversationLeft", board);
  expect(state().gone.CH2?.why).toBe("removed");
});

it("knows who is there, what they are called and who types", async () => {
  const { chat, server, state, enter, settled } = fixture();
  const room = server.room("CH1", "#sales");
  server.person("bo", { friendlyName: "Bo Lindqvist", isOnline: true });
  room.join("ana");
  await enter();
  chat.openRoom("CH1");
  await settled();
  const bo = room.join("bo");
  server.client.emit("participantJoined", bo);
  await settled();
  expect(state().members.CH1?.map((member) => member.identity)).toEqual(["ana", "bo"]);
  expect(state().people.bo).toEqual({ identity: "bo", name: "Bo Lindqvist", avatar: null, online: true });
  server.client.emit("typingStarted", bo);
  server.client.emit("typingStarted", { ...bo, identity: "ana" });
  expect(state().typing.CH1).toEqual(["bo"]);
  server.client.emit("typingEnded", bo);
  expect(state().typing.CH1).toEqual([]);
  server.client.emit("participantLeft", bo);
  expect(state().members.CH1).toHaveLength(1);
});
