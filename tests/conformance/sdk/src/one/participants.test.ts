import { expect } from "vitest";
import { conforms, server } from "../stage";
import { until } from "../wait";
import { connect, fresh, hosted, refusal } from "./person";

conforms(
  [
    ...["Conversation.add", "Conversation.getParticipants", "Conversation#participantJoined"],
    ...["Client#participantJoined", "Conversation.getParticipantBySid", "Conversation.getParticipantByIdentity"],
    ...[
      "sid",
      "conversation",
      "attributes",
      "dateCreated",
      "dateUpdated",
      "identity",
      "roleSid",
      "type",
      "getUser",
    ].map((name) => `Participant.${name}`),
  ],
  "are added, found, and shown with what they have",
  async () => {
    const ann = await connect("ann");
    const room = await hosted(ann, "people");
    const told: string[] = [];
    room.on("participantJoined", (member) => told.push(member.identity));
    await room.add("ben", { hat: "blue" });
    await ann.sees("participantJoined: ben");
    expect(told).toEqual(["ben"]);
    const late = await (await fresh("ben")).ready(room.sid);
    const members = await late.getParticipants();
    expect(members.map((member) => member.identity).sort()).toEqual(["ann", "ben"]);
    const ben = await late.getParticipantByIdentity("ben");
    expect(await late.getParticipantBySid(ben.sid)).toBe(ben);
    expect([ben.conversation === late, ben.attributes, ben.type]).toEqual([true, { hat: "blue" }, "chat"]);
    expect([ben.sid.slice(0, 2), ben.roleSid.slice(0, 2)]).toEqual(["MB", "RL"]);
    expect([ben.dateCreated, ben.dateUpdated].every((date) => date instanceof Date)).toBe(true);
    const her = await (await late.getParticipantByIdentity("ann")).getUser();
    expect([her.identity, her.isSubscribed]).toEqual(["ann", true]);
    expect(await refusal(room.add("ben"))).toBe(50433);
    expect(await refusal(late.add("cleo"))).toBe(50107);
    await expect(late.getParticipantByIdentity("nobody")).rejects.toThrow();
  },
);

conforms(
  [
    ...["Conversation.removeParticipant", "Participant.remove", "Conversation#participantLeft"],
    ...["Client#participantLeft", "SessionError.code"],
  ],
  "are removed, by name and as they are",
  async () => {
    const dan = await connect("dan");
    const room = await hosted(dan, "fewer", "eve", "fay", "gina");
    const told: string[] = [];
    room.on("participantLeft", (member) => told.push(member.identity));
    const gina = await connect("gina");
    const hers = await gina.ready(room.sid);
    await room.removeParticipant("eve");
    await room.removeParticipant(await room.getParticipantByIdentity("fay"));
    await until("two to leave", () => told.length === 2);
    expect(await refusal((await hers.getParticipantByIdentity("dan")).remove())).toBe(50107);
    await (await room.getParticipantByIdentity("gina")).remove();
    await gina.sees("removed: fewer");
    await dan.sees("participantLeft: gina");
    const left = await (await (await fresh("dan")).ready(room.sid)).getParticipants();
    expect(left.map((member) => member.identity)).toEqual(["dan"]);
  },
);

conforms(
  [
    ...["Participant.updateAttributes", "Participant.attributes", "Participant#updated", "Participant.dateUpdated"],
    ...["Conversation#participantUpdated", "Client#participantUpdated"],
  ],
  "change their attributes, and the others are told",
  async () => {
    const { sid } = await server.room("traits", "hal", "ida");
    const [hal, ida] = [await connect("hal"), await connect("ida")];
    const [his, hers] = [await hal.ready(sid), await ida.ready(sid)];
    const [seen, own] = [await hers.getParticipantByIdentity("hal"), await his.getParticipantByIdentity("hal")];
    const told: string[] = [];
    hers.on("participantUpdated", ({ updateReasons }) => told.push(...updateReasons));
    seen.on("updated", ({ updateReasons }) => told.push(...updateReasons));
    expect(await own.updateAttributes({ mood: ["good", null] })).toBe(own);
    await until("both to be told", () => told.filter((reason) => reason === "attributes").length === 2);
    await until("the client", () => ida.events.some((event) => /^participantUpdated: hal.*attributes/.test(event)));
    expect(seen.attributes).toEqual({ mood: ["good", null] });
    const late = await (await fresh("ida")).ready(sid);
    expect((await late.getParticipantByIdentity("hal")).attributes).toEqual({ mood: ["good", null] });
    expect(await refusal(seen.updateAttributes({}))).toBe(50107);
  },
);

/** The SDK tells the server of typing once in this time, and shows it for a second more. */
const SOON = { typingIndicatorTimeoutOverride: 200 };

conforms(
  [
    ...["Conversation.typing", "Conversation#typingStarted", "Participant#typingStarted", "Participant.isTyping"],
    ...["Conversation#typingEnded", "Participant#typingEnded", "Client#typingStarted", "Client#typingEnded"],
  ],
  "are shown to type, and to have ended",
  async () => {
    const { sid } = await server.room("typing", "jim", "kim");
    const [jim, kim] = [await connect("jim", SOON), await fresh("kim", SOON)];
    const [his, hers] = [await jim.ready(sid), await kim.ready(sid)];
    const him = await hers.getParticipantByIdentity("jim");
    const told: string[] = [];
    for (const event of ["typingStarted", "typingEnded"]) {
      him.on(event, () => told.push(`member ${event}`));
      hers.on(event, () => told.push(`room ${event}`));
    }
    await until("jim to type", async () => {
      await his.typing(); // what comes before she has subscribed to all of the room is lost
      return kim.has("typingStarted: jim") && him.isTyping;
    });
    await kim.sees("typingEnded: jim");
    await until("the end", () => !him.isTyping);
    for (const who of ["member", "room"]) {
      expect(told).toContain(`${who} typingStarted`);
      expect(told).toContain(`${who} typingEnded`);
    }
    expect(jim.events.some((event) => event.startsWith("typing"))).toBe(false);
  },
);
