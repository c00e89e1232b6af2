import { expect } from "vitest";
import { conforms, connect, fresh, server, told } from "./stage";
import { heard, JSON_VALUES, refusal } from "./told";
import { until } from "./wait";

const PROPERTIES = [
  ...["conversation", "sid", "index", "author", "body", "subject", "attributes", "type", "contentSid", "media"],
  ...["attachedMedia", "dateCreated", "dateUpdated", "lastUpdatedBy", "participantSid", "aggregatedDeliveryReceipt"],
].map((property) => `Message.${property}`);

conforms(
  ["Conversation.sendMessage", "Conversation#messageAdded", ...PROPERTIES],
  "reach every member, and show their properties",
  async () => {
    const before = Date.now();
    const room = await server.room("properties", "ann", "ben");
    const [ann, ben] = [await connect("ann"), await connect("ben")];
    const [hers, his] = [await ann.ready(room.sid), await ben.ready(room.sid)];
    const [added, addedToHis] = [heard(hers, "messageAdded"), heard(his, "messageAdded")];
    expect(await hers.sendMessage("hello", { mood: "good" }, { subject: "greeting" })).toBe(0);
    for (const events of [added, addedToHis]) await until("the message", () => events.length === 1);
    expect([added, addedToHis]).toEqual([["hello"], ["hello"]]);
    const [seen] = await told("ben", room.sid);
    expect(seen).toMatchObject({
      conversation: { sid: room.sid },
      index: 0,
      author: "ann",
      body: "hello",
      subject: "greeting",
      attributes: { mood: "good" },
      type: "text",
      contentSid: null,
      media: null,
      attachedMedia: [],
      lastUpdatedBy: null,
      participantSid: (await hers.getParticipantByIdentity("ann"))?.sid,
      aggregatedDeliveryReceipt: null,
    });
    expect(seen?.sid).toMatch(/^IM[0-9a-f]{32}$/);
    for (const date of [seen?.dateCreated, seen?.dateUpdated]) {
      expect(date?.getTime()).toBeGreaterThanOrEqual(before - 1000);
      expect(date?.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    }
  },
);

conforms(
  ["Conversation.sendMessage", "Message.body", "Message.attributes", "Message.subject"],
  "may be empty, and have attributes of every JSON type",
  async () => {
    const room = await server.room("values", "cleo");
    const hers = await (await connect("cleo")).ready(room.sid);
    expect(await hers.sendMessage(null)).toBe(0);
    expect(await hers.sendMessage("")).toBe(1);
    for (const [n, value] of JSON_VALUES.entries()) expect(await hers.sendMessage(`${n}`, value)).toBe(n + 2);
    const seen = await told("cleo", room.sid);
    expect(seen.slice(0, 2).map(({ body, attributes, subject }) => [body, attributes, subject])).toEqual([
      ["", {}, null],
      ["", {}, null],
    ]);
    expect(seen.slice(2).map((message) => message.attributes)).toEqual(JSON_VALUES);
  },
);

conforms(
  [
    ...["setBody", "setSubject", "setAttributes", "build", "buildAndSend"].map((member) => `MessageBuilder.${member}`),
    ...["send", "text", "attributes", "emailOptions", "mediaContent"].map((member) => `UnsentMessage.${member}`),
    "Conversation.prepareMessage",
  ],
  "are built in steps, and sent",
  async () => {
    const room = await server.room("built", "dan");
    const his = await (await connect("dan")).ready(room.sid);
    const unsent = his
      .prepareMessage()
      .setBody("built")
      .setSubject("why")
      .setAttributes({ step: [1, 2] })
      .build();
    expect(unsent).toMatchObject({
      text: "built",
      attributes: { step: [1, 2] },
      emailOptions: { subject: "why" },
      mediaContent: [],
    });
    expect(await unsent.send()).toBe(0);
    expect(await his.prepareMessage().setBody("at once").buildAndSend()).toBe(1);
    expect(await his.prepareMessage().setAttributes({ only: true }).buildAndSend()).toBe(2);
    expect((await told("dan", room.sid)).map(({ body, subject, attributes }) => [body, subject, attributes])).toEqual([
      ["built", "why", { step: [1, 2] }],
      ["at once", null, {}],
      [null, null, { only: true }],
    ]);
  },
);

conforms(
  [
    ...["updateBody", "body", "lastUpdatedBy", "dateUpdated"].map((member) => `Message.${member}`),
    ...["Message#updated", "Conversation#messageUpdated"],
  ],
  "have their text edited, for everybody",
  async () => {
    const room = await server.room("edited", "eve", "finn");
    const [hers, his] = [await (await connect("eve")).ready(room.sid), await (await connect("finn")).ready(room.sid)];
    await hers.sendMessage("frist");
    const [mine, seen] = [(await hers.getMessages()).items[0], (await his.getMessages()).items[0]];
    if (!mine || !seen) throw new Error("the message is not there");
    const [updated, inRoom] = [heard(seen, "updated"), heard(his, "messageUpdated")];
    for (const [n, text] of ["first", "", 'ü😀\u2028"\\\n'].entries()) {
      expect(await mine.updateBody(text)).toBe(mine);
      await until(text, () => updated.length === n + 1);
      expect([seen.body, mine.body]).toEqual([text, text]);
      const [late] = await told("finn", room.sid);
      expect([late?.body, late?.author, late?.lastUpdatedBy, late?.index]).toEqual([text, "eve", "eve", 0]);
      expect(late?.dateUpdated?.getTime()).toBeGreaterThanOrEqual(late?.dateCreated?.getTime() ?? Number.NaN);
      expect(late?.dateUpdated).toEqual(seen.dateUpdated);
    }
    expect(updated[0]).toBe("body dateUpdated lastUpdatedBy");
    expect(updated.slice(1)).toEqual(["body dateUpdated", "body dateUpdated"]);
    expect(inRoom).toEqual(updated);
    expect(await refusal(seen.updateBody("not his"))).toEqual([403, 50107]);
    expect((await told("eve", room.sid))[0]?.body).toBe('ü😀\u2028"\\\n');
  },
);

conforms(
  ["Message.updateAttributes", "Message.attributes", "Message#updated"],
  "have their attributes edited, to every JSON type",
  async () => {
    const room = await server.room("re-attributed", "gina", "hugo");
    const [hers, his] = [await (await connect("gina")).ready(room.sid), await (await connect("hugo")).ready(room.sid)];
    for (const [n] of JSON_VALUES.entries()) await hers.sendMessage(`${n}`, { before: true });
    const messages = (await hers.getMessages(100)).items;
    const seen = (await his.getMessages(100)).items;
    const updated = seen.map((message) => heard(message, "updated"));
    for (const [n, value] of JSON_VALUES.entries())
      expect(await messages[n]?.updateAttributes(value)).toBe(messages[n]);
    await until("all edits", () => updated.every((events) => events.length === 1));
    expect(new Set(updated.flat())).toEqual(new Set(["attributes dateUpdated lastUpdatedBy"]));
    expect(seen.map((message) => message.attributes)).toEqual(JSON_VALUES);
    expect((await told("hugo", room.sid)).map((message) => message.attributes)).toEqual(JSON_VALUES);
    expect(await refusal(seen[0]?.updateAttributes({ not: "his" }) ?? Promise.resolve())).toEqual([403, 50107]);
  },
);

conforms(
  ["Message#updated", "Message.author", "Message.subject", "Message.dateCreated", "Conversation#messageUpdated"],
  "tell what the service changes about them",
  async () => {
    const room = await server.room("rewritten", "ida");
    const hers = await (await connect("ida")).ready(room.sid);
    const { sid } = await server.say(room.sid, "ida", "as it was");
    const mine = (await hers.getMessages()).items[0];
    if (!mine) throw new Error("the message is not there");
    const [updated, inRoom] = [heard(mine, "updated"), heard(hers, "messageUpdated")];
    const changes: [object, string][] = [
      [{ Author: "a ghost" }, "author dateUpdated lastUpdatedBy"],
      [{ Subject: "a subject" }, "dateUpdated subject"],
      [{ DateCreated: "2020-01-02T03:04:05Z" }, "dateCreated dateUpdated"],
    ];
    for (const [n, [change, reasons]] of changes.entries()) {
      await server.rest("POST", `/v1/Conversations/${room.sid}/Messages/${sid}`, change);
      await until(reasons, () => updated.length === n + 1);
      expect([updated[n], inRoom[n]]).toEqual([reasons, reasons]);
    }
    const shown = { author: "a ghost", subject: "a subject", lastUpdatedBy: "system", body: "as it was" };
    for (const message of [mine, (await told("ida", room.sid))[0]]) {
      expect(message).toMatchObject({ ...shown, dateCreated: new Date("2020-01-02T03:04:05Z") });
    }
  },
);

conforms(
  ["Message.remove", "Conversation#messageRemoved", "Conversation.getMessagesCount"],
  "are removed by their author, and leave a gap",
  async () => {
    const room = await server.room("removed", "jon", "kim");
    const [his, hers] = [await (await connect("jon")).ready(room.sid), await (await connect("kim")).ready(room.sid)];
    for (const body of ["a", "b", "c"]) await his.sendMessage(body);
    const [mine, seen] = [(await his.getMessages()).items[1], (await hers.getMessages()).items[1]];
    const removed = [heard(his, "messageRemoved"), heard(hers, "messageRemoved")];
    expect(await refusal(seen?.remove() ?? Promise.resolve())).toEqual([403, 50107]);
    expect(await mine?.remove()).toBe(mine);
    for (const events of removed) await until("the removal", () => events.length === 1);
    expect(removed).toEqual([["b"], ["b"]]);
    expect((await hers.getMessages()).items.map((message) => message.index)).toEqual([0, 2]);
    expect((await told("kim", room.sid)).map(({ index, body }) => [index, body])).toEqual([
      [0, "a"],
      [2, "c"],
    ]);
    expect(await hers.getMessagesCount()).toBe(2);
    expect(await refusal(mine?.remove() ?? Promise.resolve())).toEqual([404, 50500]);
    expect(await refusal(mine?.updateBody("gone") ?? Promise.resolve())).toEqual([404, 50500]);
    expect(await his.sendMessage("d")).toBe(3);
  },
);

conforms(
  ["Message.getParticipant", "Message.participantSid", "Message.author"],
  "know the participant who wrote them, as long as there is one",
  async () => {
    const room = await server.room("authors", "lou", "max");
    await server.say(room.sid, "lou", "mine");
    await server.say(room.sid, "max", "his");
    await server.say(room.sid, "system", "nobody's");
    const participants = async () => {
      const messages = await told("lou", room.sid);
      const found = messages.map((message) => message.getParticipant().then((member) => member.identity, String));
      return [await Promise.all(found), messages.map((message) => message.participantSid)] as const;
    };
    const [found, sids] = await participants();
    expect(found.slice(0, 2)).toEqual(["lou", "max"]);
    expect(found[2]).toMatch("was not found");
    expect(sids[2]).toBeNull();
    await server.rest("DELETE", `/v1/Conversations/${room.sid}/Participants/max`);
    const [later, same] = await participants();
    expect(later[1]).toMatch("was not found");
    expect(same).toEqual(sids);
    await server.join(room.sid, "max");
    const [back] = await participants();
    expect(back.slice(0, 2)).toEqual(["lou", "max"]);
  },
);

conforms(
  ["Message.getDetailedDeliveryReceipts", "Message.getMessageRecipients", "Conversation.getMessageRecipients"],
  "have neither receipts nor recipients while everybody is in the chat",
  async () => {
    const room = await server.room("receipts", "nina", "oli");
    await server.say(room.sid, "nina", "seen");
    const there = await (await fresh("oli")).ready(room.sid);
    const [message] = (await there.getMessages()).items;
    expect(await message?.getDetailedDeliveryReceipts()).toEqual([]);
    expect(await message?.getMessageRecipients()).toEqual([]);
    const page = await there.getMessageRecipients({ pageSize: 5 });
    expect([page.items, page.hasNextPage, page.hasPrevPage]).toEqual([[], false, false]);
  },
);

conforms(
  ["Conversation.sendMessage", "Conversation#messageAdded", "Message.index"],
  "have one order for everybody when several people send at once",
  async () => {
    const names = ["pia", "quin", "rosa", "sam"];
    const room = await server.room("busy", ...names);
    const people = await Promise.all(names.map((name) => connect(name)));
    const rooms = await Promise.all(people.map((person) => person.ready(room.sid)));
    const live = rooms.map((each) => heard(each, "messageAdded"));
    const numbers = Array.from({ length: 40 }, (_, n) => n);
    const indexes = await Promise.all(
      rooms.flatMap((each, who) => numbers.map((n) => each.sendMessage(`${names[who]} ${n}`, { n }))),
    );
    expect([...indexes].sort((a, b) => a - b)).toEqual(Array.from({ length: 160 }, (_, n) => n));
    for (const heardBy of live) await until("160 messages", () => heardBy.length === 160);
    const seen = await told("sam", room.sid);
    expect(seen.map((message) => message.index)).toEqual(Array.from({ length: 160 }, (_, n) => n));
    for (const heardBy of live) expect(heardBy).toEqual(seen.map((message) => message.body));
    for (const name of names) {
      const own = seen.filter((message) => message.author === name);
      expect(own.map((message) => message.attributes)).toEqual(numbers.map((n) => ({ n })));
    }
  },
);

conforms(
  ["Conversation.sendMessage", "UnsentMessage.send"],
  "are not doubled when they are sent again under the same cid",
  async () => {
    const room = await server.room("again", "tess", "uma");
    const [hers, other] = [await (await connect("tess")).ready(room.sid), await (await connect("uma")).ready(room.sid)];
    expect(await hers.sendMessage("first", { cid: "one" })).toBe(0);
    expect(await hers.sendMessage("changed", { cid: "one", other: true })).toBe(0);
    expect(await hers.prepareMessage().setBody("built").setAttributes({ cid: "one" }).build().send()).toBe(0);
    expect(await (await (await fresh("tess")).ready(room.sid)).sendMessage("from another device", { cid: "one" })).toBe(
      0,
    );
    expect(await Promise.all(Array.from({ length: 8 }, () => hers.sendMessage("at once", { cid: "two" })))).toEqual(
      Array.from({ length: 8 }, () => 1),
    );
    expect(await other.sendMessage("hers", { cid: "one" })).toBe(2);
    expect(await hers.sendMessage("no text", { cid: 1 })).toBe(3);
    expect(await hers.sendMessage("no text", { cid: 1 })).toBe(4);
    const [longest, longer] = ["c".repeat(64), "c".repeat(65)];
    for (const [n, cid] of [longest, longest, longer, longer].entries()) {
      expect(await hers.sendMessage(`of ${cid.length}`, { cid })).toBe(Math.max(5, n + 4));
    }
    expect((await told("uma", room.sid)).map(({ body, author }) => [body, author])).toEqual([
      ["first", "tess"],
      ["at once", "tess"],
      ["hers", "uma"],
      ["no text", "tess"],
      ["no text", "tess"],
      ["of 64", "tess"],
      ["of 65", "tess"],
      ["of 65", "tess"],
    ]);
  },
);

conforms(
  ["Conversation.sendMessage", "Message.updateBody", "Message.updateAttributes"],
  "are refused when they are too long or hostile, and nothing is changed",
  async () => {
    const room = await server.room("bounded", "vic", "will");
    const [vic, will] = [await connect("vic"), await connect("will")];
    const [his, there] = [await vic.ready(room.sid), await will.ready(room.sid)];
    const added = heard(there, "messageAdded");
    const longest = {
      ascii: "x".repeat(32 * 1024),
      umlauts: "ü".repeat(16 * 1024),
      attributes: "y".repeat(4 * 1024 - 2),
    };
    expect(await his.sendMessage(longest.ascii, longest.attributes)).toBe(0);
    expect(await his.sendMessage(longest.umlauts, {}, { subject: "😀".repeat(256) })).toBe(1);
    const hostile =
      "<script>alert(1)</script>\u0001\u007f\u202e\ufeff\"\\\n\r\n'; DROP TABLE messages; -- %s {{x}} \\u0000";
    expect(await his.sendMessage(hostile, { hostile })).toBe(2);
    expect(await refusal(his.sendMessage(`${longest.ascii}x`))).toEqual([400, 50504]);
    expect(await refusal(his.sendMessage(`${longest.umlauts}x`))).toEqual([400, 50504]);
    expect(await refusal(his.sendMessage("a", `${longest.attributes}y`))).toEqual([400, 50303]);
    expect(await refusal(his.sendMessage("a", {}, { subject: "x".repeat(257) }))).toEqual([400, 20001]);
    expect(await refusal(his.sendMessage("a\u0000b"))).toEqual([400, 20001]);
    expect(await refusal(his.sendMessage("half \ud83d"))).toEqual([400, 20001]);
    expect(await refusal(his.sendMessage("a", JSON.parse("[".repeat(65) + "]".repeat(65))))).toEqual([400, 50304]);
    const [first] = (await his.getMessages()).items;
    expect(await refusal(first?.updateBody(`${longest.ascii}x`) ?? Promise.resolve())).toEqual([400, 50504]);
    expect(await refusal(first?.updateAttributes(`${longest.attributes}y`) ?? Promise.resolve())).toEqual([400, 50303]);
    const seen = await told("will", room.sid);
    expect(seen.map((message) => message.body)).toEqual([longest.ascii, longest.umlauts, hostile]);
    expect(seen.map((message) => message.attributes)).toEqual([longest.attributes, {}, { hostile }]);
    expect([seen[1]?.subject, seen[0]?.lastUpdatedBy]).toEqual(["😀".repeat(256), null]);
    await until("all", () => added.length === 3);
    expect(added).toEqual([longest.ascii, longest.umlauts, hostile]);
    expect(vic.client.connectionState).toBe("connected");
  },
);

conforms(["Conversation.sendMessage"], "are refused to who has left", async () => {
  const room = await server.room("outside", "xena", "yan");
  const hers = await (await connect("xena")).ready(room.sid);
  await server.rest("DELETE", `/v1/Conversations/${room.sid}/Participants/xena`);
  expect(await refusal(hers.sendMessage("from outside"))).toEqual([404, 50350]);
  expect(await told("yan", room.sid)).toEqual([]);
  const zoe = await connect("zoe");
  const made = await zoe.client.createConversation({});
  expect(await refusal(made.sendMessage("not joined"))).toEqual([403, 50430]);
  expect(await made.getMessagesCount()).toBe(0);
});
