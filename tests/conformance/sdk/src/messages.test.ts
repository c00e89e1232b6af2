import { describe, expect, it } from "vitest";
import { connect, server } from "./stage";
import { until } from "./wait";

describe("messages", () => {
  it("reach every member in the order in which they were sent", async () => {
    const room = await server.room("order", "ann", "ben");
    const [ann, ben] = [await connect("ann"), await connect("ben")];
    const [hers, his] = [await ann.room(room.sid), await ben.room(room.sid)];
    await Promise.all([hers.getMessages(), his.getMessages()]);
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    const indexes = await Promise.all(numbers.map((n) => hers.sendMessage(`m${n}`, { n })));
    expect(indexes).toEqual(numbers);
    for (const person of [ann, ben]) {
      await until("60 messages", () => person.bodies.get(room.sid)?.length === 60);
      expect(person.bodies.get(room.sid)).toEqual(numbers.map((n) => `m${n}`));
    }
    const last = (await his.getMessages(1)).items.at(-1);
    expect(last).toMatchObject({ index: 59, author: "ann", body: "m59", attributes: { n: 59 }, type: "text" });
    expect((await last?.getParticipant())?.identity).toBe("ann");
    await until("the last message", () => his.lastMessage?.index === 59);
    await expect(his.getMessagesCount()).resolves.toBe(60);
  });

  it("can be edited and removed, live", async () => {
    const room = await server.room("edits", "cleo", "dan");
    const [cleo, dan] = [await connect("cleo"), await connect("dan")];
    const [hers, his] = [await cleo.room(room.sid), await dan.room(room.sid)];
    await Promise.all([hers.getMessages(), his.getMessages()]);
    await hers.sendMessage("frist", { mood: "hasty" });
    await dan.sees("messageAdded: frist");
    const mine = (await hers.getMessages()).items[0];
    await mine?.updateBody("first");
    await dan.sees("messageUpdated: first body");
    await mine?.updateAttributes(["any", { json: null }]);
    const seen = (await his.getMessages()).items[0];
    await until("the attributes", () => JSON.stringify(seen?.attributes) === '["any",{"json":null}]');
    expect(seen).toMatchObject({ body: "first", lastUpdatedBy: "cleo" });
    await expect(seen?.updateBody("not his")).rejects.toMatchObject({ status: 403 });
    await mine?.remove();
    await dan.sees("messageRemoved: first");
    expect((await his.getMessages()).items).toEqual([]);
    await until("no last message", () => his.lastMessage === undefined);
  });

  it("are paged both ways from any anchor", async () => {
    const room = await server.room("pages", "eve");
    for (let n = 0; n < 75; n++) await server.say(room.sid, "eve", `m${n}`);
    for (const gone of [10, 40, 74]) {
      const listed = await server.rest<{ messages: { sid: string }[] }>(
        "GET",
        `/v1/Conversations/${room.sid}/Messages?PageSize=100`,
      );
      const sid = listed.messages[gone - [10, 40, 74].indexOf(gone)]?.sid;
      await server.rest("DELETE", `/v1/Conversations/${room.sid}/Messages/${sid}`);
    }
    const expected = Array.from({ length: 74 }, (_, n) => n).filter((n) => n !== 10 && n !== 40);
    const eve = await connect("eve");
    const back = await eve.history(room.sid, 20);
    expect(back.map((message) => message.index)).toEqual(expected);

    const fresh = await connect("eve");
    const there = await fresh.room(room.sid);
    let page = await there.getMessages(15, 0, "forward");
    const forward = page.items.map((message) => message.index);
    while (page.hasNextPage) {
      page = await page.nextPage();
      forward.push(...page.items.map((message) => message.index));
    }
    expect(forward).toEqual(expected);

    const third = await connect("eve");
    const middle = await (await third.room(room.sid)).getMessages(12, 45, "backwards");
    expect(middle.items.map((message) => message.index)).toEqual([33, 34, 35, 36, 37, 38, 39, 41, 42, 43, 44, 45]);
    expect(middle.hasNextPage && middle.hasPrevPage).toBe(true);
    expect((await middle.nextPage()).items[0]?.index).toBe(46);
    expect((await middle.prevPage()).items.at(-1)?.index).toBe(32);
  });

  it("may be long, and in any script", async () => {
    const room = await server.room("long", "finn", "gina");
    const [finn, gina] = [await connect("finn"), await connect("gina")];
    await (await gina.room(room.sid)).getMessages();
    const body = 'ü😀\u0001"\\\n'.repeat(2800);
    await (await finn.room(room.sid)).sendMessage(body);
    await until("the message", () => gina.bodies.get(room.sid)?.[0] === body);
    await expect((await finn.room(room.sid)).sendMessage("x".repeat(40_000))).rejects.toMatchObject({ status: 400 });
    expect(finn.client.connectionState).toBe("connected");
  });

  it("are built, sent again without doubling, and refused to who may not send", async () => {
    const room = await server.room("builder", "hugo");
    const hugo = await connect("hugo");
    const there = await hugo.room(room.sid);
    const built = there.prepareMessage().setBody("built").setSubject("why").setAttributes({ cid: "one" }).build();
    expect(await built.send()).toBe(0);
    expect(await there.sendMessage("built", { cid: "one" })).toBe(0);
    expect((await there.getMessages()).items.map((message) => [message.body, message.subject])).toEqual([
      ["built", "why"],
    ]);
    await there.getParticipants();
    await there.leave();
    await expect(there.sendMessage("from outside")).rejects.toBeDefined();
    expect(await server.rest("GET", `/v1/Conversations/${room.sid}/Messages`)).toMatchObject({
      messages: [{ body: "built" }],
    });
  });
});

describe("reading and typing", () => {
  it("counts what is unread, and shows the others how far one has read", async () => {
    const room = await server.room("horizon", "ida", "jon");
    const [ida, jon] = [await connect("ida"), await connect("jon")];
    const [hers, his] = [await ida.room(room.sid), await jon.room(room.sid)];
    await his.getParticipants();
    for (const body of ["a", "b", "c"]) await his.sendMessage(body);
    expect(await hers.getUnreadMessagesCount()).toBeNull();
    expect(await hers.advanceLastReadMessageIndex(1)).toBe(1);
    expect(await hers.getUnreadMessagesCount()).toBe(1);
    await until("her horizon at his", () => jon.events.some((event) => /ida .*lastReadMessageIndex/.test(event)));
    expect((await his.getParticipantByIdentity("ida"))?.lastReadMessageIndex).toBe(1);
    expect(await hers.setAllMessagesRead()).toBe(0);
    await until("her own horizon", () => hers.lastReadMessageIndex === 2);
    expect(await hers.updateLastReadMessageIndex(0)).toBe(2);
    expect(await hers.setAllMessagesUnread()).toBe(3);
    await until("no horizon", () => hers.lastReadMessageIndex === null);
    expect(await hers.getUnreadMessagesCount()).toBeNull();
    await hers.setUserNotificationLevel("muted");
    await ida.sees("updated: horizon notificationLevel");
    expect(hers.notificationLevel).toBe("muted");
  });

  it("tells the others who is typing", async () => {
    const room = await server.room("typing", "kim", "lou", "max");
    const [kim, lou, max] = [await connect("kim"), await connect("lou"), await connect("max")];
    for (const person of [lou, max]) await (await person.room(room.sid)).getParticipants();
    await server.rest("POST", `/v1/Conversations/${room.sid}/Participants/kim`, { Attributes: '{"here":true}' });
    for (const person of [lou, max]) {
      await until("who listens", () => person.events.some((event) => event.startsWith("participantUpdated: kim")));
    }
    await (await kim.room(room.sid)).typing();
    await lou.sees("typingStarted: kim");
    await max.sees("typingStarted: kim");
    await (await kim.room(room.sid)).sendMessage("done");
    await lou.sees("typingEnded: kim");
    expect(kim.events.filter((event) => event.startsWith("typing"))).toEqual([]);
  });
});
