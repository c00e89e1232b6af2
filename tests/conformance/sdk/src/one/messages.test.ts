import { expect } from "vitest";
import { conforms, server } from "../stage";
import { until } from "../wait";
import { connect, fresh, hosted, refusal, told } from "./person";

const SHOWN = ["sid", "author", "body", "dateUpdated", "index", "dateCreated", "attributes", "type", "participantSid"];

conforms(
  [
    ...[...SHOWN, "conversation", "lastUpdatedBy", "media", "aggregatedDeliveryReceipt", "getParticipant"].map(
      (name) => `Message.${name}`,
    ),
    ...["Conversation.sendMessage", "Conversation#messageAdded", "Client#messageAdded"],
  ],
  "are sent with text and attributes, and heard by everybody",
  async () => {
    const { sid } = await server.room("talk", "ann", "ben");
    const [ann, ben] = [await connect("ann"), await connect("ben")];
    const [hers, his] = [await ann.ready(sid), await ben.ready(sid)];
    const heard: string[] = [];
    his.on("messageAdded", (message) => heard.push(message.body));
    const texts = ["hey", "", 'ü 😀\n\\"', "x".repeat(8_000)];
    for (const [n, text] of texts.entries()) expect(await hers.sendMessage(text, { n: [n, null] })).toBe(n);
    expect(await hers.sendMessage(null as unknown as string)).toBe(4);
    await until("all to be heard", () => heard.length === 5);
    expect(heard).toEqual([...texts, ""]);
    await ben.sees("messageAdded: hey");
    const messages = await told("ben", sid);
    expect(messages.map((message) => message.attributes)).toEqual([...texts.map((_, n) => ({ n: [n, null] })), {}]);
    const [first] = messages;
    expect(first).toMatchObject({
      ...{ author: "ann", body: "hey", index: 0, type: "text", lastUpdatedBy: null, media: null },
      aggregatedDeliveryReceipt: null,
    });
    expect([first?.sid.slice(0, 2), first?.conversation.sid]).toEqual(["IM", sid]);
    expect([first?.dateCreated, first?.dateUpdated].every((date) => date instanceof Date)).toBe(true);
    const late = await (await fresh("ben")).ready(sid);
    const author = await (await late.getMessages()).items[0]?.getParticipant();
    expect([author?.identity, author?.sid]).toEqual(["ann", first?.participantSid]);
  },
);

conforms(
  [
    ...["Message.updateBody", "Message.updateAttributes", "Message#updated", "Message.lastUpdatedBy"],
    ...["Conversation#messageUpdated", "Client#messageUpdated", "Message.dateUpdated", "SessionError.code"],
  ],
  "are edited, and those who know them are told",
  async () => {
    const [cleo, dan] = [await connect("cleo"), await connect("dan")];
    const room = await hosted(cleo, "edits", "dan");
    await room.sendMessage("before", { v: 1 });
    const his = await dan.ready(room.sid);
    const [theirs] = (await his.getMessages()).items;
    const [own] = (await room.getMessages()).items;
    if (!theirs || !own) throw new Error("no message");
    const reasons: string[] = [];
    theirs.on("updated", ({ updateReasons }) => reasons.push(...updateReasons));
    his.on("messageUpdated", ({ message }) => reasons.push(`room: ${message.body}`));
    expect(await own.updateBody("after")).toBe(own);
    await until("the edit", () => theirs.body === "after");
    expect(await own.updateAttributes(["v", 2])).toBe(own);
    await until("the attributes", () => JSON.stringify(theirs.attributes) === '["v",2]');
    expect(reasons).toEqual(expect.arrayContaining(["body", "attributes", "dateUpdated", "room: after"]));
    expect(dan.events.some((event) => /^messageUpdated: edits|^messageUpdated: /.test(event))).toBe(true);
    const [late] = await told("dan", room.sid);
    expect(late).toMatchObject({ body: "after", attributes: ["v", 2], lastUpdatedBy: "cleo" });
    expect(await refusal(theirs.updateBody("not his"))).toBe(50107);
    expect(await refusal(theirs.updateAttributes({}))).toBe(50107);
  },
);

conforms(
  ["Message.remove", "Conversation#messageRemoved", "Client#messageRemoved", "SessionError.code"],
  "are removed, and those who know them are told",
  async () => {
    const [eve, fay] = [await connect("eve"), await connect("fay")];
    const room = await hosted(eve, "removals", "fay");
    for (const text of ["a", "b", "c"]) await room.sendMessage(text);
    const hers = await fay.ready(room.sid);
    const gone: string[] = [];
    hers.on("messageRemoved", (message) => gone.push(message.body));
    const [first, second] = (await room.getMessages()).items;
    expect(await second?.remove()).toBe(second);
    await fay.sees("messageRemoved: b");
    expect(gone).toEqual(["b"]);
    expect((await told("fay", room.sid)).map((message) => message.index)).toEqual([0, 2]);
    const [seen] = (await hers.getMessages()).items;
    expect(await refusal(seen?.remove() ?? Promise.resolve())).toBe(50107);
    await first?.remove();
    expect(await refusal(first?.remove() ?? Promise.resolve())).toBe(50500);
  },
);

conforms(
  [
    ...["Conversation.getMessages", "Paginator.items", "Paginator.hasNextPage", "Paginator.hasPrevPage"],
    ...["Paginator.nextPage", "Paginator.prevPage"],
  ],
  "are read in pages, from the end, from an anchor, and in both directions",
  async () => {
    const { sid } = await server.room("long", "gina");
    for (let n = 0; n < 75; n++) await server.say(sid, "gina", `m${n}`);
    const gina = await fresh("gina");
    const room = await gina.ready(sid);
    const all = Array.from({ length: 75 }, (_, n) => n);
    expect((await gina.history(sid, 20)).map((message) => message.index)).toEqual(all);
    const last = await room.getMessages();
    expect(last.items.map((message) => message.index)).toEqual(all.slice(45));
    expect([last.hasNextPage, last.hasPrevPage]).toEqual([false, true]);
    expect((await last.prevPage()).items.map((message) => message.index)).toEqual(all.slice(15, 45));
    const before = await room.getMessages(10, 40, "backwards");
    expect(before.items.map((message) => message.index)).toEqual(all.slice(31, 41));
    let page = await room.getMessages(25, 10, "forward");
    const walked = page.items.map((message) => message.index);
    while (page.hasNextPage) {
      page = await page.nextPage();
      walked.push(...page.items.map((message) => message.index));
    }
    expect(walked).toEqual(all.slice(10));
    await expect(page.nextPage()).rejects.toThrow();
  },
);
