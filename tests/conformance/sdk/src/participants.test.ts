import type { Participant } from "@twilio/conversations";
import { expect } from "vitest";
import { conforms, connect, fresh, server } from "./stage";
import { heard, hosted, JSON_VALUES, refusal } from "./told";
import { inParallel, until } from "./wait";

/** Who is in a conversation, as a client finds it that connects now. */
async function roster(identity: string, sid: string): Promise<Participant[]> {
  return (await (await fresh(identity)).room(sid)).getParticipants();
}

async function identities(identity: string, sid: string): Promise<(string | null)[]> {
  return (await roster(identity, sid)).map((member) => member.identity).sort();
}

const configuration = () => `/v1/Services/${server.keys.service_sid}/Configuration`;

const PROPERTIES = [
  ...["conversation", "sid", "identity", "attributes", "dateCreated", "dateUpdated", "type", "bindings", "roleSid"],
  ...["isTyping", "lastReadMessageIndex", "lastReadTimestamp"],
].map((property) => `Participant.${property}`);

conforms(
  ["Conversation.add", "Conversation#participantJoined", "Conversation.getParticipants", ...PROPERTIES],
  "are added with attributes, and show their properties to every member",
  async () => {
    const before = Date.now();
    const [ann, ben] = [await connect("ann"), await connect("ben")];
    const room = await hosted(ann, "door");
    const joined = heard(room, "participantJoined");
    const answer = await room.add("ben", { seat: 4 });
    await ben.sees("joined: door");
    await until("ann to hear of it", () => joined.length === 1);
    const [hers, his] = (await roster("ben", room.sid)).sort((a, b) =>
      (a.identity ?? "") < (b.identity ?? "") ? -1 : 1,
    );
    const { default_conversation_creator_role_sid: creator, default_conversation_role_sid: usual } = await server.rest(
      "GET",
      configuration(),
    );
    const alike = {
      type: "chat",
      bindings: {},
      isTyping: false,
      lastReadMessageIndex: null,
      lastReadTimestamp: null,
      conversation: { sid: room.sid },
    };
    expect(hers).toMatchObject({ ...alike, identity: "ann", attributes: {}, roleSid: creator });
    expect(his).toMatchObject({ ...alike, identity: "ben", attributes: { seat: 4 }, roleSid: usual });
    expect(answer).toMatchObject({ sid: his?.sid, identity: "ben", attributes: '{"seat":4}', role_sid: usual });
    for (const date of [his?.dateCreated, his?.dateUpdated]) {
      expect(date?.getTime()).toBeGreaterThanOrEqual(before - 1000);
      expect(date?.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    }
    expect(await refusal(room.add("ben", { seat: 5 }))).toEqual([409, 50433]);
    expect((await room.getParticipantByIdentity("ben"))?.attributes).toEqual({ seat: 4 });
    expect(joined).toEqual(["ben"]);
  },
);

conforms(
  ["Conversation.removeParticipant", "Participant.remove", "Conversation#participantLeft"],
  "are removed by identity, by SID and as what they are",
  async () => {
    const cleo = await connect("cleo");
    const sidLike = `MB${"0".repeat(32)}`;
    const guests = ["dan", sidLike, "zoë/?#&% @1+1", "eve"];
    const room = await hosted(cleo, "thrown out", ...guests);
    const left = heard(room, "participantLeft");
    await until("all of them", async () => (await room.getParticipants()).length === 5);
    await room.removeParticipant(sidLike);
    await room.removeParticipant("zoë/?#&% @1+1");
    const bySid = await room.getParticipantByIdentity("dan");
    await room.removeParticipant(bySid?.sid ?? "");
    const eve = await room.getParticipantByIdentity("eve");
    await eve?.remove();
    await until("all to leave", () => left.length === 4);
    expect(left).toEqual([sidLike, "zoë/?#&% @1+1", "dan", "eve"]);
    expect(await identities("cleo", room.sid)).toEqual(["cleo"]);
    await room.add("eve");
    await until("eve to be back", async () => (await room.getParticipants()).length === 2);
    const again = await room.getParticipantByIdentity("eve");
    expect(again?.sid).not.toBe(eve?.sid);
    if (again) await room.removeParticipant(again);
    expect(await identities("cleo", room.sid)).toEqual(["cleo"]);
    expect(await refusal(room.removeParticipant("nobody"))).toEqual([404, 50432]);
    expect(await refusal(room.removeParticipant(bySid?.sid ?? ""))).toEqual([404, 50432]);
  },
);

conforms(
  ["Conversation#participantLeft", "Conversation.getParticipants"],
  "leave with their user, when that is deleted",
  async () => {
    const room = await server.room("deleted", "quin", "rosa");
    const his = await (await connect("quin")).ready(room.sid);
    const left = heard(his, "participantLeft");
    await server.rest("DELETE", "/v1/Users/rosa");
    await until("rosa to leave", () => left.length === 1);
    expect(left).toEqual(["rosa"]);
    expect(await identities("quin", room.sid)).toEqual(["quin"]);
  },
);

conforms(
  ["Conversation.getParticipantBySid", "Conversation.getParticipantByIdentity"],
  "are found by SID and by identity",
  async () => {
    const room = await server.room("found", "finn", "gina");
    const seen = await (await fresh("finn")).ready(room.sid);
    const gina = await seen.getParticipantByIdentity("gina");
    expect(gina?.identity).toBe("gina");
    expect(await seen.getParticipantBySid(gina?.sid ?? "")).toBe(gina);
    await expect(seen.getParticipantByIdentity("nobody")).rejects.toThrow("was not found");
    await expect(seen.getParticipantBySid(`MB${"0".repeat(32)}`)).rejects.toThrow("was not found");
  },
);

conforms(
  [
    ...["Participant.updateAttributes", "Participant.attributes", "Participant.dateUpdated", "Participant#updated"],
    "Conversation#participantUpdated",
  ],
  "have attributes of every JSON type",
  async () => {
    const [hugo, ida] = [await connect("hugo"), await connect("ida")];
    const names = JSON_VALUES.map((_, n) => `guest ${n}`);
    const room = await hosted(hugo, "attributed", "ida", ...names);
    const hers = await ida.ready(room.sid);
    const her = await hers.getParticipantByIdentity("ida");
    const mine = await room.getParticipantByIdentity("ida");
    if (!her || !mine) throw new Error("ida is not there");
    const [told, toldHer] = [heard(room, "participantUpdated"), heard(her, "updated")];
    for (const value of JSON_VALUES) {
      expect(await her.updateAttributes(value)).toBe(her);
      await until(JSON.stringify(value), () => JSON.stringify(mine.attributes) === JSON.stringify(value));
    }
    expect(new Set([...told, ...toldHer])).toEqual(new Set(["attributes dateUpdated"]));
    for (const [n, name] of names.entries()) {
      await (await room.getParticipantByIdentity(name))?.updateAttributes(JSON_VALUES[n] ?? null);
    }
    const seen = await (await fresh("ida")).ready(room.sid);
    const read = names.map(async (name) => (await seen.getParticipantByIdentity(name))?.attributes);
    expect(await Promise.all(read)).toEqual(JSON_VALUES);
    const last = await seen.getParticipantByIdentity("ida");
    expect(last?.attributes).toEqual(JSON_VALUES.at(-1));
    expect(last?.dateUpdated?.getTime()).toBeGreaterThan(last?.dateCreated?.getTime() ?? Number.NaN);
    const added = await hosted(hugo, "added", "ida");
    for (const [n, name] of names.entries()) await added.add(name, JSON_VALUES[n]);
    const there = await (await fresh("ida")).ready(added.sid);
    const given = names.map(async (name) => (await there.getParticipantByIdentity(name))?.attributes);
    expect(await Promise.all(given)).toEqual(JSON_VALUES.map((value) => value ?? {})); // the SDK sends {} for null
  },
);

conforms(
  ["Participant#updated", "Participant.roleSid", "Participant.dateCreated", "Conversation#participantUpdated"],
  "tell what changes about them",
  async () => {
    const jon = await connect("jon");
    const room = await server.room("changing", "jon", "kim");
    const there = await jon.ready(room.sid);
    const kim = await there.getParticipantByIdentity("kim");
    if (!kim) throw new Error("kim is not there");
    const [told, toldRoom] = [heard(kim, "updated"), heard(there, "participantUpdated")];
    const { default_conversation_creator_role_sid: role } = await server.rest<Record<string, string>>(
      "GET",
      configuration(),
    );
    const path = `/v1/Conversations/${room.sid}/Participants/kim`;
    await server.rest("POST", path, { RoleSid: role });
    await until("the role", () => told.length === 1);
    await server.rest("POST", path, { DateCreated: "2020-01-02T03:04:05Z" });
    await until("the date", () => told.length === 2);
    expect(told).toEqual(["dateUpdated roleSid", "dateCreated dateUpdated"]);
    expect(toldRoom).toEqual(told);
    const seen = (await roster("jon", room.sid)).find((member) => member.identity === "kim");
    expect([seen?.roleSid, seen?.dateCreated]).toEqual([role, new Date("2020-01-02T03:04:05Z")]);
    expect([kim.roleSid, kim.dateCreated]).toEqual([seen?.roleSid, seen?.dateCreated]);
  },
);

conforms(
  ["Participant.getUser", "User.attributes", "User.updateAttributes", "User#updated"],
  "are users, who have attributes of every JSON type",
  async () => {
    const [lou, max] = [await connect("lou"), await connect("max")];
    const room = await hosted(lou, "profiles", "max", "never connected");
    const his = await (await room.getParticipantByIdentity("max"))?.getUser();
    if (!his) throw new Error("max is no user");
    expect([his.identity, his.attributes]).toEqual(["max", {}]);
    const told = heard(his, "updated");
    for (const value of JSON_VALUES) {
      await max.client.user.updateAttributes(value);
      await until(JSON.stringify(value), () => JSON.stringify(his.attributes) === JSON.stringify(value));
    }
    expect(new Set(told)).toEqual(new Set(["attributes"]));
    expect(await refusal(max.client.user.updateAttributes("x".repeat(4095)))).toEqual([400, 50303]);
    await max.client.user.updateAttributes("x".repeat(4094));
    for (const [n, value] of JSON_VALUES.entries()) {
      await server.rest("POST", "/v1/Users", { Identity: `user ${n}`, Attributes: JSON.stringify(value) });
    }
    const late = await fresh("lou");
    expect((await late.client.getUser("max")).attributes).toBe("x".repeat(4094));
    const read = JSON_VALUES.map(async (_, n) => (await late.client.getUser(`user ${n}`)).attributes);
    expect(await Promise.all(read)).toEqual(JSON_VALUES);
    const other = await (await (await late.ready(room.sid)).getParticipantByIdentity("never connected"))?.getUser();
    expect([other?.identity, other?.friendlyName, other?.attributes]).toEqual(["never connected", null, {}]);
  },
);

conforms(
  ["Conversation.add", "Participant.updateAttributes"],
  "are not added, and stay as they were, when what is given is too long",
  async () => {
    const nina = await connect("nina");
    const longest = "😀".repeat(256);
    const room = await hosted(nina, "bounded", longest);
    expect(await refusal(room.add("x".repeat(257)))).toEqual([400, 50207]);
    expect(await refusal(room.add(`US${"0".repeat(32)}`))).toEqual([400, 50206]);
    expect(await refusal(room.add("a\u0000b"))).toEqual([400, 20001]);
    expect(await refusal(room.add("oli", "x".repeat(4095)))).toEqual([400, 50303]);
    const self = await room.getParticipantByIdentity("nina");
    await self?.updateAttributes("x".repeat(4094));
    if (self) expect(await refusal(self.updateAttributes("y".repeat(4095)))).toEqual([400, 50303]);
    expect(await identities("nina", room.sid)).toEqual(["nina", longest]);
    const seen = (await roster("nina", room.sid)).find((member) => member.identity === "nina");
    expect(seen?.attributes).toBe("x".repeat(4094));
    await expect(server.rest("GET", "/v1/Users/oli")).rejects.toMatchObject({ status: 404 });
  },
);

conforms(
  ["Conversation.getParticipants", "Conversation.getParticipantsCount", "Conversation.add"],
  "are a thousand in a conversation, and no more",
  async () => {
    const { sid } = await server.room("crowd", "pia");
    const roles = await server.rest<Record<string, string>>("GET", configuration());
    const host = { RoleSid: roles.default_conversation_creator_role_sid };
    await server.rest("POST", `/v1/Conversations/${sid}/Participants/pia`, host);
    const names = Array.from({ length: 999 }, (_, n) => `member ${n}`);
    const join = (first: number, count: number) => inParallel(count, (n) => server.join(sid, names[first + n] ?? ""));
    await join(0, 700);
    const pia = await connect("pia");
    const room = await pia.ready(sid);
    expect(await room.getParticipants()).toHaveLength(701);
    await join(700, 299);
    const everybody = ["pia", ...names].sort();
    await until("the live roster", async () => (await room.getParticipants()).length === 1000, 60_000);
    expect(await refusal(room.add("one more"))).toEqual([400, 50417]);
    expect(await identities("member 500", sid)).toEqual(everybody);
    expect(await room.getParticipantsCount()).toBe(1000);
    expect((await room.getParticipants()).map((member) => member.identity).sort()).toEqual(everybody);
    await room.removeParticipant("member 7");
    await room.add("one more");
    expect(await room.getParticipantsCount()).toBe(1000);
  },
  { node: "what a browser would add is only time", timeout: 120_000 },
);
