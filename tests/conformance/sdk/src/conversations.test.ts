import { expect } from "vitest";
import type { Person } from "./person";
import { conforms, connect, fresh, server } from "./stage";
import { heard, hosted, JSON_VALUES, refusal } from "./told";
import { until } from "./wait";

const NOBODY_ELSE = "who may not join has no client that could see it";

/** What a client that connects now finds about a conversation. */
async function look(identity: string, sid: string) {
  return (await fresh(identity)).ready(sid);
}

async function isGone(person: Person, sid: string): Promise<void> {
  expect((await person.client.getSubscribedConversations()).items).toEqual([]);
  await expect(person.client.getConversationBySid(sid)).rejects.toMatchObject({ status: 404 });
}

conforms(
  [
    ...["sid", "friendlyName", "uniqueName", "attributes", "createdBy", "dateCreated", "dateUpdated", "status"],
    ...["lastReadMessageIndex", "lastMessage", "notificationLevel", "state", "limits"],
  ].map((property) => `Conversation.${property}`),
  "shows its properties to every member",
  async () => {
    const before = Date.now();
    const ann = await connect("ann");
    const made = await ann.client.createConversation({
      friendlyName: "plans",
      uniqueName: "plans/2026 ü",
      attributes: { colour: "red" },
    });
    expect(made.status).toBe("notParticipating");
    await server.join(made.sid, "ben");
    const seen = await look("ben", made.sid);
    expect(seen).toMatchObject({
      sid: made.sid,
      friendlyName: "plans",
      uniqueName: "plans/2026 ü",
      attributes: { colour: "red" },
      createdBy: "ann",
      status: "joined",
      lastReadMessageIndex: null,
      lastMessage: undefined,
      notificationLevel: "default",
      state: { current: "active" },
      limits: {
        mediaAttachmentsCountLimit: 10,
        mediaAttachmentSizeLimitInMb: 150,
        mediaAttachmentsTotalSizeLimitInMb: 150,
        emailBodiesAllowedContentTypes: ["text/plain", "text/html"],
        emailHistoriesAllowedContentTypes: ["text/plain", "text/html"],
      },
    });
    for (const date of [seen.dateCreated, seen.dateUpdated, seen.state?.dateUpdated]) {
      expect(date?.getTime()).toBeGreaterThanOrEqual(before - 1000);
      expect(date?.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    }
    const byService = await server.room("by the service", "ben");
    expect(await look("ben", byService.sid)).toMatchObject({ createdBy: "system", uniqueName: null, attributes: {} });
  },
);

conforms(
  ["Conversation.updateFriendlyName", "Conversation.friendlyName", "Conversation#updated"],
  "is renamed for everybody, and its state stays as old as it was",
  async () => {
    const [cleo, dan] = [await connect("cleo"), await connect("dan")];
    const room = await hosted(cleo, "before", "dan");
    await dan.sees("joined: before");
    const [mine, his] = [heard(room, "updated"), heard(await dan.ready(room.sid), "updated")];
    expect(await room.updateFriendlyName("after")).toBe(room);
    for (const told of [mine, his]) await until("the new name", () => told.length === 1);
    expect([mine, his]).toEqual([["dateUpdated friendlyName"], ["dateUpdated friendlyName"]]);
    expect(room.friendlyName).toBe("after");
    const seen = await look("dan", room.sid);
    expect(seen.friendlyName).toBe("after");
    expect(seen.dateUpdated?.getTime()).toBeGreaterThan(seen.dateCreated?.getTime() ?? Number.NaN);
    expect(seen.state?.dateUpdated.getTime()).toBe(seen.dateCreated?.getTime());
    await room.updateFriendlyName("");
    expect((await look("cleo", room.sid)).friendlyName).toBeNull();
  },
);

conforms(
  ["Conversation.updateUniqueName", "Conversation.uniqueName", "Conversation#updated"],
  "has one unique name at most, which no other conversation has",
  async () => {
    const eve = await connect("eve");
    const [one, other] = [await hosted(eve, "one"), await hosted(eve, "other")];
    const told = heard(one, "updated");
    await one.updateUniqueName("the one/ü?&#%");
    await until("the name", () => told.length === 1);
    expect(told).toEqual(["dateUpdated uniqueName"]);
    expect(await refusal(other.updateUniqueName("the one/ü?&#%"))).toEqual([409, 50353]);
    const named = await (await fresh("eve")).client.getConversationByUniqueName("the one/ü?&#%");
    expect([named.sid, named.uniqueName]).toEqual([one.sid, "the one/ü?&#%"]);
    expect((await look("eve", other.sid)).uniqueName).toBeNull();
    await one.updateUniqueName(null);
    await other.updateUniqueName("the one/ü?&#%");
    expect((await (await fresh("eve")).client.getConversationByUniqueName("the one/ü?&#%")).sid).toBe(other.sid);
    await other.updateUniqueName("");
    const late = await fresh("eve");
    await expect(late.client.getConversationByUniqueName("the one/ü?&#%")).rejects.toMatchObject({ status: 404 });
    expect((await late.room(other.sid)).uniqueName).toBeNull();
  },
);

conforms(
  [
    ...["updateAttributes", "getAttributes", "attributes"].map((member) => `Conversation.${member}`),
    "Conversation#updated",
  ],
  "keeps attributes of every JSON type",
  async () => {
    const [finn, gina] = [await connect("finn"), await connect("gina")];
    const room = await hosted(finn, "attributed", "gina");
    await gina.sees("joined: attributed");
    const hers = await gina.ready(room.sid);
    const told = heard(hers, "updated");
    for (const value of JSON_VALUES) {
      expect(await room.updateAttributes(value)).toBe(room);
      await until(
        `gina to see ${JSON.stringify(value)}`,
        () => JSON.stringify(hers.attributes) === JSON.stringify(value),
      );
    }
    expect(new Set(told)).toEqual(new Set(["attributes dateUpdated"]));
    const made = await Promise.all(JSON_VALUES.map((attributes) => finn.client.createConversation({ attributes })));
    const changed = await Promise.all(JSON_VALUES.map(() => finn.client.createConversation({ attributes: "before" })));
    for (const each of [...made, ...changed]) await each.join();
    for (const [n, each] of changed.entries()) await each.updateAttributes(JSON_VALUES[n] ?? null);
    const late = await fresh("finn");
    const read = [...made, ...changed].map(async (each) => (await late.room(each.sid)).getAttributes());
    expect(await Promise.all(read)).toEqual([...JSON_VALUES, ...JSON_VALUES]);
    expect((await late.room(room.sid)).attributes).toEqual(JSON_VALUES.at(-1));
  },
);

conforms(
  ["Conversation.attributes", "Conversation#removed", "Conversation#participantJoined"],
  "is the same when somebody is removed and comes again, with the same client",
  async () => {
    const [hugo, ida] = [await connect("hugo"), await connect("ida")];
    const room = await hosted(hugo, "revolving", "ida");
    await room.updateAttributes("null");
    await ida.sees("joined: revolving");
    const hers = await ida.ready(room.sid);
    const removed = heard(hers, "removed");
    const joined = heard(room, "participantJoined");
    await room.removeParticipant("ida");
    await ida.sees("removed: revolving");
    expect(removed).toContain(room.sid);
    await room.add("ida");
    await until("ida to be back", () => ida.events.filter((event) => event === "joined: revolving").length === 2);
    await until("hugo to see it", () => joined.length === 1);
    expect(joined).toEqual(["ida"]);
    expect([(await ida.room(room.sid)).attributes, (await look("ida", room.sid)).attributes]).toEqual(["null", "null"]);
  },
);

conforms(
  ["Conversation.join", "Conversation.status", "Conversation.getParticipants", "Client.createConversation"],
  "is not joined by who makes it, until it is",
  async () => {
    const jon = await connect("jon");
    const room = await jon.client.createConversation({ friendlyName: "own" });
    expect(room.status).toBe("notParticipating");
    expect(await room.getParticipants()).toEqual([]);
    expect((await (await fresh("jon")).client.getSubscribedConversations()).items).toEqual([]);
    expect(await room.join()).toBe(room);
    await until("joined", () => room.status === "joined");
    const seen = await look("jon", room.sid);
    expect(seen.status).toBe("joined");
    expect((await seen.getParticipants()).map((member) => member.identity)).toEqual(["jon"]);
    expect(await refusal(room.join())).toEqual([409, 50433]);
    expect(await seen.getParticipantsCount()).toBe(1);
  },
);

conforms(
  ["Conversation.leave", "Conversation.status", "Conversation#removed", "Conversation#participantLeft"],
  "is left by a member for good",
  async () => {
    const [kim, lou] = [await connect("kim"), await connect("lou")];
    const room = await hosted(kim, "left", "lou");
    await lou.sees("joined: left");
    const his = await lou.ready(room.sid);
    const [removed, left] = [heard(his, "removed"), heard(room, "participantLeft")];
    expect(await his.leave()).toBe(his);
    await lou.sees("removed: left");
    await until("kim to see it", () => left.length === 1);
    expect([his.status, left]).toEqual(["notParticipating", ["lou"]]);
    expect(removed).toContain(room.sid);
    expect(lou.events.filter((event) => /^(left|removed)/.test(event))).toEqual(["left: left", "removed: left"]);
    await isGone(await fresh("lou"), room.sid);
    const seen = await look("kim", room.sid);
    expect((await seen.getParticipants()).map((member) => member.identity)).toEqual(["kim"]);
    await expect(his.sendMessage("from outside")).rejects.toMatchObject({ status: 404 });
    expect((await seen.getMessages()).items).toEqual([]);
  },
);

conforms(
  ["Conversation.delete", "Conversation#removed"],
  "goes everywhere when it is deleted: left first, then removed",
  async () => {
    const [max, nina] = [await connect("max"), await connect("nina")];
    const room = await hosted(max, "short-lived", "nina");
    await nina.sees("joined: short-lived");
    const removed = heard(await nina.ready(room.sid), "removed");
    await room.sendMessage("soon gone");
    expect(await room.delete()).toBe(room);
    for (const person of [max, nina]) {
      await person.sees("removed: short-lived");
      const seen = person.events.filter((event) => /^(left|removed)/.test(event));
      expect(seen).toEqual(["left: short-lived", "removed: short-lived"]);
      await isGone(await fresh(person.identity), room.sid);
    }
    expect(removed).toContain(room.sid);
    await expect(server.rest("GET", `/v1/Conversations/${room.sid}`)).rejects.toMatchObject({ status: 404 });
  },
);

conforms(
  ["Conversation.lastMessage", "Conversation#updated"],
  "knows its last message, also when that is removed",
  async () => {
    const oli = await connect("oli");
    const room = await hosted(oli, "talk");
    const told = heard(room, "updated");
    for (const body of ["one", "two"]) await room.sendMessage(body);
    const messages = (await room.getMessages()).items;
    const dates = messages.map((message) => message.dateCreated);
    const seen = async () => (await look("oli", room.sid)).lastMessage;
    await until("the last message", () => room.lastMessage?.index === 1);
    expect(room.lastMessage).toEqual({ index: 1, dateCreated: dates[1] });
    expect(await seen()).toEqual(room.lastMessage);
    await messages[1]?.remove();
    expect(await seen()).toEqual({ index: 0, dateCreated: dates[0] });
    await messages[0]?.remove();
    await until("no last message", () => room.lastMessage === undefined);
    expect(await seen()).toBeUndefined();
    expect(new Set(told)).toEqual(new Set(["lastMessage"]));
  },
);

conforms(
  ["Conversation.setUserNotificationLevel", "Conversation.notificationLevel", "Conversation#updated"],
  "notifies each member as that member wants",
  async () => {
    const room = await server.room("loud", "pia", "quin");
    const [pia, other, quin] = [await connect("pia"), await connect("pia"), await connect("quin")];
    const [hers, there, his] = [await pia.ready(room.sid), await other.ready(room.sid), await quin.ready(room.sid)];
    const told = heard(there, "updated");
    await hers.setUserNotificationLevel("muted");
    await until("her other device", () => told.length === 1);
    expect([told, there.notificationLevel]).toEqual([["notificationLevel"], "muted"]);
    expect((await look("pia", room.sid)).notificationLevel).toBe("muted");
    expect([(await look("quin", room.sid)).notificationLevel, his.notificationLevel]).toEqual(["default", "default"]);
    const peeked = await other.client.peekConversationBySid(room.sid);
    expect([peeked.notificationLevel, told]).toEqual(["muted", ["notificationLevel"]]);
    await hers.setUserNotificationLevel("default");
    expect((await look("pia", room.sid)).notificationLevel).toBe("default");
  },
);

conforms(
  ["Conversation.getMessagesCount", "Conversation.getParticipantsCount"],
  "counts the messages and the people that are there",
  async () => {
    const rosa = await connect("rosa");
    const room = await hosted(rosa, "counted");
    expect([await room.getMessagesCount(), await room.getParticipantsCount()]).toEqual([0, 1]);
    for (const body of ["a", "b", "c"]) await room.sendMessage(body);
    await room.add("sam");
    await room.add("tess");
    await (await room.getMessages()).items[1]?.remove();
    await room.removeParticipant("tess");
    for (const seen of [room, await look("sam", room.sid)]) {
      expect([await seen.getMessagesCount(), await seen.getParticipantsCount()]).toEqual([2, 2]);
    }
  },
);

conforms(
  ["Conversation.updateFriendlyName", "Conversation.updateUniqueName", "Conversation.updateAttributes"],
  "refuses names and attributes that are too long, and stays as it was",
  async () => {
    const uma = await connect("uma");
    const room = await hosted(uma, "bounded");
    const longest = { names: "😀".repeat(256), attributes: `${"ü".repeat(8 * 1024 - 1)}` };
    await room.updateFriendlyName(longest.names);
    await room.updateUniqueName(longest.names);
    await room.updateAttributes(longest.attributes);
    expect(await refusal(room.updateFriendlyName("x".repeat(257)))).toEqual([400, 50003]);
    expect(await refusal(room.updateUniqueName("x".repeat(257)))).toEqual([400, 50004]);
    expect(await refusal(room.updateUniqueName(`CH${"0".repeat(32)}`))).toEqual([400, 50390]);
    expect(await refusal(room.updateAttributes(`${longest.attributes}x`))).toEqual([400, 50303]);
    const deep = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
    expect(await refusal(room.updateAttributes(deep(65)))).toEqual([400, 50304]);
    expect(await refusal(room.updateFriendlyName("a\u0000b"))).toEqual([400, 20001]);
    const seen = await look("uma", room.sid);
    expect([seen.friendlyName, seen.uniqueName]).toEqual([longest.names, longest.names]);
    expect(seen.attributes).toBe(longest.attributes);
    await room.updateAttributes(deep(64));
    expect((await look("uma", room.sid)).attributes).toEqual(deep(64));
  },
);

conforms(
  ["Client.createConversation"],
  "is not made with what is too long, or with a name that another has",
  async () => {
    const vic = await connect("vic");
    const attempts = [
      [{ friendlyName: "x".repeat(257) }, [400, 50003]],
      [{ uniqueName: "x".repeat(257) }, [400, 50004]],
      [{ uniqueName: `CH${"a".repeat(32)}` }, [400, 50390]],
      [{ attributes: "x".repeat(16 * 1024 - 1) }, [400, 50303]],
      [{ uniqueName: "taken" }, [409, 50353]],
    ] as const;
    await server.rest("POST", "/v1/Conversations", { UniqueName: "taken" });
    const count = async () =>
      (await server.rest<{ conversations: [] }>("GET", "/v1/Conversations?PageSize=100")).conversations.length;
    const before = await count();
    for (const [options, refused] of attempts) {
      expect(await refusal(vic.client.createConversation(options))).toEqual(refused);
    }
    expect(await count()).toBe(before);
    expect(vic.events.filter((event) => event.startsWith("added"))).toEqual([]);
  },
  { local: NOBODY_ELSE },
);

conforms(["Client.getConversationBySid", "Client.peekConversationBySid"], "does not exist for outsiders", async () => {
  const room = await server.room("secret", "insider");
  const outsider = await fresh("outsider");
  await isGone(outsider, room.sid);
  await expect(outsider.client.peekConversationBySid(room.sid)).rejects.toMatchObject({ status: 404 });
  expect((await look("insider", room.sid)).friendlyName).toBe("secret");
  expect(outsider.events.filter((event) => !/^(connection|initialized)/.test(event))).toEqual([]);
});

conforms(
  ["Conversation#messageAdded", "Conversation#removed", "Conversation#participantLeft"],
  "tells nothing more to who was removed",
  async () => {
    const room = await server.room("fence", "guard", "stray");
    const [guard, stray] = [await connect("guard"), await connect("stray")];
    const [hers, his] = [await guard.ready(room.sid), await stray.ready(room.sid)];
    const [added, left, removed] = [heard(his, "messageAdded"), heard(hers, "participantLeft"), heard(his, "removed")];
    await server.say(room.sid, "guard", "one");
    await until("the first", () => added.length === 1);
    await server.rest("DELETE", `/v1/Conversations/${room.sid}/Participants/stray`);
    await stray.sees("removed: fence");
    await server.say(room.sid, "guard", "two");
    await guard.sees("messageAdded: two");
    await isGone(await fresh("stray"), room.sid);
    await server.join(room.sid, "stray");
    await until("stray to be back", () => stray.events.filter((event) => event === "joined: fence").length === 2);
    expect((await stray.history(room.sid)).map((message) => message.body)).toEqual(["one", "two"]);
    expect([added, left]).toEqual([["one"], ["stray"]]);
    await server.say(room.sid, "guard", "three");
    await stray.sees("messageAdded: three");
    expect(removed).toContain(room.sid);
  },
);
