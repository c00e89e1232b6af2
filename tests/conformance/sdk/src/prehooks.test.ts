/** An application's webhook is asked first: what the unmodified SDK makes of its refusals and of what it puts in place. */
import { expect } from "vitest";
import { Hook } from "./hook";
import { conforms, connect, fresh, server } from "./stage";
import { heard, hosted, refusal } from "./told";
import { until } from "./wait";

const REJECTED = [403, 50056];

conforms(["Conversation.sendMessage"], "is refused by a webhook, and nobody hears of it", async () => {
  const room = await server.room("refused", "ann", "ben");
  const hook = await Hook.of(server, "onMessageAdd");
  await hook.answers("onMessageAdd", 403, { body: "not this" });
  const [ann, ben] = [await connect("ann"), await connect("ben")];
  const hers = await ann.ready(room.sid);
  const told = heard(await ben.ready(room.sid), "messageAdded");
  expect(await refusal(hers.sendMessage("a bad word", { mood: "bad" }))).toEqual(REJECTED);
  const [asked] = await hook.heard(1);
  expect(asked).toMatchObject({
    EventType: "onMessageAdd",
    Source: "SDK",
    ClientIdentity: "ann",
    ConversationSid: room.sid,
    Author: "ann",
    Body: "a bad word",
    Attributes: '{"mood":"bad"}',
  });
  await hook.answers("onMessageAdd", 200);
  expect(await hers.sendMessage("a good word")).toBe(0);
  await until("the message", () => told.length === 1);
  expect(told).toEqual(["a good word"]);
  const seen = await (await fresh("ben")).history(room.sid, 100);
  expect(seen.map(({ body }) => body)).toEqual(["a good word"]);
});

conforms(
  ["Conversation.sendMessage", "Message.updateBody", "Message.body", "Message.author", "Message.attributes"],
  "has the text, the author and the attributes that a webhook puts in place",
  async () => {
    const room = await server.room("replaced", "cleo", "dan");
    const hook = await Hook.of(server, "onMessageAdd", "onMessageUpdate");
    await hook.answers("onMessageAdd", 200, { body: "mild", author: "dan", attributes: '{"by":"hook"}' });
    await hook.answers("onMessageUpdate", 200, { body: "milder", author: "cleo" });
    const [cleo, dan] = [await connect("cleo"), await connect("dan")];
    const [hers, his] = [await cleo.ready(room.sid), await dan.ready(room.sid)];
    const [added, addedToHis] = [heard(hers, "messageAdded"), heard(his, "messageAdded")];
    expect(await hers.sendMessage("harsh", { cid: "1" })).toBe(0);
    for (const events of [added, addedToHis]) await until("the message", () => events.length === 1);
    expect([added, addedToHis]).toEqual([["mild"], ["mild"]]);
    const [sent] = (await hers.getMessages()).items;
    expect(sent).toMatchObject({ author: "dan", body: "mild", attributes: { by: "hook" } });
    expect(await hers.sendMessage("harsh", { cid: "1" })).toBe(0); // a repeated send is known, and asks nobody
    expect((await hook.heard()).length).toBe(1);
    const [his0] = (await his.getMessages()).items;
    await his0?.updateBody("mine");
    const [seen] = await (await fresh("dan")).history(room.sid, 100);
    expect(seen).toMatchObject({ author: "cleo", body: "milder", attributes: { by: "hook" } });
  },
);

conforms(["Conversation.sendMessage"], "is told what is wrong with an answer that cannot be obeyed", async () => {
  const room = await server.room("disobeyed", "emma");
  const hook = await Hook.of(server, "onMessageAdd");
  const hers = await (await connect("emma")).ready(room.sid);
  for (const [answer, code] of [
    [{ attributes: { not: "text" } }, 20001],
    [{ attributes: "no JSON" }, 50304],
    [{ body: "x".repeat(33_000) }, 50504],
  ] as const) {
    await hook.answers("onMessageAdd", 200, answer);
    expect(await refusal(hers.sendMessage("hello"))).toEqual([400, code]);
  }
  expect(await (await fresh("emma")).history(room.sid, 100)).toEqual([]);
});

conforms(
  ["Client.createConversation", "Conversation.updateFriendlyName", "Conversation.friendlyName"],
  "has the name that a webhook puts in place",
  async () => {
    const hook = await Hook.of(server, "onConversationAdd", "onConversationUpdate");
    await hook.answers("onConversationAdd", 200, { friendly_name: "made by the book" });
    await hook.answers("onConversationUpdate", 200, { friendly_name: "named by the book" });
    const flo = await connect("flo");
    const room = await flo.client.createConversation({ friendlyName: "made" });
    expect(room.friendlyName).toBe("made by the book");
    await room.join();
    await room.updateFriendlyName("named");
    await flo.sees("updated: named by the book friendlyName,dateUpdated");
    const seen = await fresh("flo");
    expect((await seen.room(room.sid)).friendlyName).toBe("named by the book");
  },
);

conforms(
  [
    "Client.createConversation",
    ...["updateFriendlyName", "updateAttributes", "add", "removeParticipant", "leave", "delete"].map(
      (member) => `Conversation.${member}`,
    ),
    ...["Message.updateBody", "Message.remove", "Participant.updateAttributes", "User.updateFriendlyName"],
  ],
  "is refused by a webhook, whatever it is, and nothing changes",
  async () => {
    const [gil] = [await connect("gil"), await connect("hal")];
    const room = await hosted(gil, "unmoved", "hal");
    await room.sendMessage("unmoved");
    const [message] = (await room.getMessages()).items;
    const hal = await room.getParticipantByIdentity("hal");
    const events = [
      ...["onConversationAdd", "onConversationUpdate", "onConversationRemove", "onMessageUpdate", "onMessageRemove"],
      ...["onParticipantAdd", "onParticipantUpdate", "onParticipantRemove", "onUserUpdate"],
    ];
    const hook = await Hook.of(server, ...events);
    for (const event of events) await hook.answers(event, 451);
    const attempts: [string, () => Promise<unknown> | undefined][] = [
      ["onConversationAdd", () => gil.client.createConversation({ friendlyName: "another" })],
      ["onConversationUpdate", () => room.updateFriendlyName("moved")],
      ["onConversationUpdate", () => room.updateAttributes({ moved: true })],
      ["onMessageUpdate", () => message?.updateBody("moved")],
      ["onParticipantAdd", () => room.add("ida")],
      ["onParticipantUpdate", () => hal?.updateAttributes({ moved: true })],
      ["onUserUpdate", () => gil.client.user.updateFriendlyName("moved")],
      ["onMessageRemove", () => message?.remove()],
      ["onParticipantRemove", () => room.removeParticipant("hal")],
      ["onParticipantRemove", () => room.leave()],
      ["onConversationRemove", () => room.delete()],
    ];
    for (const [event, attempt] of attempts) {
      expect([event, ...(await refusal(Promise.resolve(attempt())))]).toEqual([event, ...REJECTED]);
    }
    expect((await hook.heard()).map(({ EventType }) => EventType)).toEqual(attempts.map(([of]) => of));
    const seen = await fresh("hal");
    const his = await seen.ready(room.sid);
    expect([his.friendlyName, his.attributes]).toEqual(["unmoved", {}]);
    expect((await his.getParticipants()).map(({ identity }) => identity).sort()).toEqual(["gil", "hal"]);
    expect((await seen.history(room.sid, 100)).map(({ body }) => body)).toEqual(["unmoved"]);
    expect((await (await his.getParticipantByIdentity("gil"))?.getUser())?.friendlyName).toBe(null);
  },
);

conforms(
  ["Conversation.sendMessage", "Conversation.advanceLastReadMessageIndex", "Conversation#messageAdded"],
  "go on while a webhook does not answer for one of them",
  async () => {
    const room = await server.room("hanging", "jan", "kim");
    const hook = await Hook.of(server, "onMessageAdd");
    const [jan, kim] = [await connect("jan"), await connect("kim")];
    const [hers, his] = [await jan.ready(room.sid), await kim.ready(room.sid)];
    const told = heard(his, "messageAdded");
    await hook.hangs("onMessageAdd");
    const hanging = refusal(hers.sendMessage("hangs"));
    await hook.heard(1);
    await server.say(room.sid, "kim", "by REST");
    await until("the message", () => told.length === 1);
    await hers.advanceLastReadMessageIndex(0);
    expect((await hers.getMessages()).items.length).toBe(1);
    await hook.answers("onMessageAdd", 403);
    expect(await hanging).toEqual(REJECTED);
    await hook.answers("onMessageAdd", 200);
    expect(await his.sendMessage("at once")).toBe(1);
    const seen = await (await fresh("kim")).history(room.sid, 100);
    expect(seen.map(({ body }) => body)).toEqual(["by REST", "at once"]);
  },
);
