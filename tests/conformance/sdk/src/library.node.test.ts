/** What the unmodified `twilio` library for Node writes, it reads back, and so does a client of the SDK that is new. */
import type { Conversation, Message, Participant } from "@twilio/conversations";
import twilio from "twilio";
import { expect, it } from "vitest";
import { fresh, server, told } from "./stage";
import { until } from "./wait";

const PAST = new Date("2020-02-29T12:30:15Z");
const LATER = new Date("2021-03-01T01:02:03Z");
const [PHONE, PROXY] = ["+15557777777", "+15550001"];
const AN_HOUR = 60 * 60 * 1000;

/** A resource as the library has it. */
interface Resource {
  toJSON(): object;
}

/** Those of a list. */
interface Resources<T extends Resource> {
  (key: string): { fetch(): Promise<T>; remove(): Promise<boolean> };
  list(options: { pageSize: number }): Promise<T[]>;
}

function library() {
  const client = twilio(server.keys.account_sid, server.keys.auth_token);
  client.conversations.baseUrl = server.url;
  client.content.baseUrl = server.url;
  return { v1: client.conversations.v1, content: client.content.v1.contents };
}

/** All that an answer said. */
function shown(resource: Resource): Record<string, unknown> {
  return JSON.parse(JSON.stringify(resource));
}

/** The answer to a create or update has what was written; fetch, and the list in pages of one, show the same. */
async function readsBack<T extends Resource>(
  resources: Resources<T>,
  key: string,
  answer: T,
  written: object,
): Promise<void> {
  expect(answer).toMatchObject(written);
  expect(shown(await resources(key).fetch())).toEqual(shown(answer));
  expect((await resources.list({ pageSize: 1 })).map(shown)).toContainEqual(shown(answer));
}

/** It is deleted, and gone from fetch and list. */
async function removes(resources: Resources<Resource>, key: string): Promise<void> {
  const before = await resources.list({ pageSize: 20 });
  expect(await resources(key).remove()).toBe(true);
  await expect(resources(key).fetch()).rejects.toMatchObject({ status: 404, code: 20404 });
  expect(await resources.list({ pageSize: 20 })).toHaveLength(before.length - 1);
}

/** A conversation, as a client finds it that connects now. */
async function look(identity: string, sid: string): Promise<Conversation> {
  return (await fresh(identity)).ready(sid);
}

async function seen(identity: string, sid: string, participant: string): Promise<Participant | undefined> {
  return (await (await look(identity, sid)).getParticipants()).find((each) => each.sid === participant);
}

async function message(identity: string, sid: string, index: number): Promise<Message | undefined> {
  return (await told(identity, sid)).find((each) => each.index === index);
}

it("a conversation's values", async () => {
  const { conversations } = library().v1;
  const given = { friendlyName: "Grüße 👋", uniqueName: "greetings", dateCreated: PAST, dateUpdated: LATER };
  const made = await conversations.create({ ...given, attributes: '{"kind":["room"]}' });
  await readsBack(conversations, "greetings", made, { ...given, attributes: '{"kind":["room"]}', state: "active" });
  await conversations(made.sid).participants.create({ identity: "ann" });
  const first = await look("ann", made.sid);
  expect(first).toMatchObject({ ...given, sid: made.sid, attributes: { kind: ["room"] }, createdBy: "system" });
  expect(first.state).toMatchObject({ current: "active" });

  const changes = { friendlyName: "after", uniqueName: "after", dateCreated: LATER, dateUpdated: PAST };
  const idle = await conversations(made.sid).update({ ...changes, attributes: "[1]", state: "inactive" });
  await readsBack(conversations, "after", idle, { ...changes, attributes: "[1]", state: "inactive" });
  const then = await look("ann", made.sid);
  expect(then).toMatchObject({ ...changes, attributes: [1] });
  expect(then.state).toMatchObject({ current: "inactive" });

  const cleared = await conversations(made.sid).update({ friendlyName: "", uniqueName: "" });
  await readsBack(conversations, made.sid, cleared, { friendlyName: null, uniqueName: null });
  expect(await look("ann", made.sid)).toMatchObject({ friendlyName: null, uniqueName: null });
  await removes(conversations, made.sid);
  const { client } = await fresh("ann");
  expect((await client.getSubscribedConversations()).items).toEqual([]);
});

it("a conversation's timers", async () => {
  const { conversations } = library().v1;
  const made = await conversations.create({ "timers.inactive": "PT1H", "timers.closed": "P1D" });
  await conversations(made.sid).participants.create({ identity: "ben" });
  const { timers, dateUpdated } = await conversations(made.sid).fetch();
  expect(new Date(timers.date_inactive).getTime() - dateUpdated.getTime()).toBe(AN_HOUR);
  expect(new Date(timers.date_closed).getTime() - dateUpdated.getTime()).toBe(24 * AN_HOUR);
  for (const [hours, state] of [
    [1, "inactive"],
    [23, "closed"],
  ] as const) {
    await server.advance(hours * AN_HOUR);
    await until(state, async () => (await conversations(made.sid).fetch()).state === state);
    expect((await look("ben", made.sid)).state).toMatchObject({ current: state });
  }
});

it("a participant's values", async () => {
  const { conversations, roles } = library().v1;
  const { sid } = await server.room("members", "onlooker");
  const { participants } = conversations(sid);
  const guest = await roles.create({ friendlyName: "guest", type: "conversation", permission: ["sendMessage"] });
  await readsBack(roles, guest.sid, guest, { type: "conversation", permissions: ["sendMessage"] });
  const given = { identity: "cleo", roleSid: guest.sid, dateCreated: PAST, dateUpdated: LATER };
  const made = await participants.create({ ...given, attributes: '{"a":1}' });
  await readsBack(participants, "cleo", made, { ...given, attributes: '{"a":1}', lastReadMessageIndex: null });
  const expected = { ...given, type: "chat", attributes: { a: 1 }, lastReadMessageIndex: null };
  expect(await seen("onlooker", sid, made.sid)).toMatchObject({ ...expected, lastReadTimestamp: null });

  for (const body of ["one", "two"]) await server.say(sid, "onlooker", body);
  const changes = { lastReadMessageIndex: 1, dateCreated: LATER, dateUpdated: PAST };
  const read = { ...changes, lastReadTimestamp: LATER.toISOString().replace(".000", "") };
  const changed = await participants(made.sid).update({ ...read, attributes: "null" });
  await readsBack(participants, made.sid, changed, { ...read, attributes: "null" });
  const after = { ...changes, lastReadTimestamp: LATER, attributes: null };
  expect(await seen("onlooker", sid, made.sid)).toMatchObject(after);
  await removes(participants, made.sid);
  expect(await seen("onlooker", sid, made.sid)).toBeUndefined();
});

it("the values of a participant outside the chat", async () => {
  const { sid } = await server.room("outside", "onlooker");
  const { participants } = library().v1.conversations(sid);
  const made = await participants.create({
    ...{ "messagingBinding.address": PHONE, "messagingBinding.proxyAddress": PROXY, attributes: '{"vip":true}' },
  });
  const binding = { type: "sms", address: PHONE, proxy_address: PROXY };
  await readsBack(participants, made.sid, made, { identity: null, messagingBinding: binding });
  const there = await seen("onlooker", sid, made.sid);
  expect(there).toMatchObject({ identity: null, type: "sms", attributes: { vip: true } });
  expect(there?.bindings).toMatchObject({ sms: { address: PHONE, proxy_address: PROXY } });
});

it("a message's values", async () => {
  const { sid } = await server.room("messages", "dan");
  const { messages, participants } = library().v1.conversations(sid);
  const file = await upload("notes.txt", "some notes");
  const given = { author: "dan", body: "Hello 🌍\nsecond line", dateCreated: PAST, dateUpdated: LATER };
  await messages.create({ body: "first" });
  const made = await messages.create({ ...given, subject: "news", attributes: '{"k":[1]}', mediaSid: file });
  const { sid: participantSid } = await participants("dan").fetch();
  await readsBack(messages, made.sid, made, { ...given, index: 1, attributes: '{"k":[1]}', participantSid });
  const first = await message("dan", sid, 1);
  expect(first).toMatchObject({ ...given, sid: made.sid, subject: "news", attributes: { k: [1] }, participantSid });
  const [medium] = first?.attachedMedia ?? [];
  expect(medium).toMatchObject({ sid: file, filename: "notes.txt", contentType: "text/plain", size: 10 });
  expect(await (await fetch((await medium?.getContentTemporaryUrl()) ?? "")).text()).toBe("some notes");

  const changes = { author: "system", body: "after", dateCreated: LATER, dateUpdated: PAST };
  const changed = await messages(made.sid).update({ ...changes, subject: "old", attributes: "[2]" });
  await readsBack(messages, made.sid, changed, { ...changes, attributes: "[2]" });
  expect(await message("dan", sid, 1)).toMatchObject({ ...changes, subject: "old", attributes: [2] });
  await removes(messages, made.sid);
  expect(await message("dan", sid, 1)).toBeUndefined();
});

it("what became of a message's delivery", async () => {
  const { sid } = await server.room("receipts", "eve");
  const { messages, participants } = library().v1.conversations(sid);
  const addresses = { "messagingBinding.address": PHONE, "messagingBinding.proxyAddress": `${PROXY}2` };
  const phone = await participants.create(addresses);
  const sent = await messages.create({ author: "eve", body: "to a phone" });
  const ids = { conversation_sid: sid, message_sid: sent.sid, participant_sid: phone.sid };
  const word = { status: "failed", error_code: 30005, channel_message_sid: `SM${"1".repeat(32)}` };
  const { sid: receipt } = await server.rest<{ sid: string }>("POST", "/roomful/v1/receipts", { ...ids, ...word });
  const { deliveryReceipts } = messages(sent.sid);
  const fetched = await deliveryReceipts(receipt).fetch();
  expect(fetched).toMatchObject({ status: "failed", errorCode: 30005, channelMessageSid: word.channel_message_sid });
  expect((await deliveryReceipts.list({ pageSize: 1 })).map(shown)).toEqual([shown(fetched)]);
  const total = { total: 1, sent: "none", delivered: "none", read: "none", failed: "all", undelivered: "none" };
  expect((await messages(sent.sid).fetch()).delivery).toEqual(total);
  const late = await message("eve", sid, 0);
  expect(late?.aggregatedDeliveryReceipt).toMatchObject(total);
  expect(await late?.getDetailedDeliveryReceipts()).toMatchObject([
    { sid: receipt, status: "failed", errorCode: 30005, participantSid: phone.sid, messageSid: sent.sid },
  ]);
});

it("a message from a content template", async () => {
  const { v1, content } = library();
  const { sid } = await server.room("templates", "finn");
  // The library sends what it is given as it is: with the names of the API, not those of its typings.
  const template = await content.create({
    ...{ friendly_name: "greeting", language: "en", variables: { 1: "you" } },
    types: { "twilio/text": { body: "Hello {{1}}" } },
  } as unknown as Parameters<typeof content.create>[0]);
  const made = await v1.conversations(sid).messages.create({
    ...{ contentSid: template.sid, contentVariables: '{"1":"world"}' },
  });
  await readsBack(v1.conversations(sid).messages, made.sid, made, { body: "Hello world", contentSid: template.sid });
  expect(await message("finn", sid, 0)).toMatchObject({ body: "Hello world", contentSid: template.sid });
});

it("a user's values", async () => {
  const { roles, users } = library().v1;
  const visitor = await roles.create({ friendlyName: "visitor", type: "service", permission: ["joinConversation"] });
  const given = { identity: "gina@example.org", friendlyName: "Gina 👋", roleSid: visitor.sid };
  const made = await users.create({ ...given, attributes: '{"tea":["green"]}' });
  await readsBack(users, given.identity, made, { ...given, attributes: '{"tea":["green"]}', isOnline: null });
  const { user } = (await fresh(given.identity)).client;
  expect(user).toMatchObject({ identity: given.identity, friendlyName: "Gina 👋", attributes: { tea: ["green"] } });
  const changed = await users(made.sid).update({ friendlyName: "Gina B.", attributes: "7" });
  await readsBack(users, made.sid, changed, { friendlyName: "Gina B.", attributes: "7" });
  const late = await (await fresh("onlooker")).client.getUser(given.identity);
  expect(late).toMatchObject({ friendlyName: "Gina B.", attributes: 7 });
  await removes(users, made.sid);
  await expect((await fresh("onlooker")).client.getUser(given.identity)).rejects.toThrow();
  await removes(roles, visitor.sid);
});

it("the values of a user's conversation", async () => {
  const { sid } = await server.room("read", "hugo");
  for (let n = 0; n < 4; n++) await server.say(sid, "system", `m${n}`);
  const { userConversations } = library().v1.users("hugo");
  const before = await userConversations(sid).fetch();
  const nothing = { lastReadMessageIndex: null, unreadMessagesCount: null, notificationLevel: "default" };
  await readsBack(userConversations, sid, before, { ...nothing, friendlyName: "read", conversationState: "active" });
  const level = "muted" as const;
  const changed = await userConversations(sid).update({
    ...{ notificationLevel: level, lastReadMessageIndex: 1, lastReadTimestamp: PAST },
  });
  const read = { notificationLevel: level, lastReadMessageIndex: 1, unreadMessagesCount: 2 };
  await readsBack(userConversations, sid, changed, read);
  const late = await look("hugo", sid);
  expect(late).toMatchObject({ notificationLevel: level, lastReadMessageIndex: 1 });
  expect(await late.getUnreadMessagesCount()).toBe(2);
  expect((await late.getParticipantByIdentity("hugo"))?.lastReadTimestamp).toEqual(PAST);
  await removes(userConversations, sid);
  expect((await (await fresh("hugo")).client.getSubscribedConversations()).items).toEqual([]);
});

it("a service's configuration", async () => {
  const { services } = library().v1;
  const other = await services.create({ friendlyName: "Ünïcode 👋" });
  expect(other.friendlyName).toBe("Ünïcode 👋");
  expect(shown(await services(other.sid).fetch())).toEqual(shown(other));
  expect((await services.list({ pageSize: 1 })).map(shown)).toContainEqual(shown(other));
  const configuration = services(server.keys.service_sid).configuration();
  for (const [reachabilityEnabled, isOnline] of [
    [true, true],
    [false, null],
  ] as const) {
    const answer = await configuration.update({ reachabilityEnabled });
    expect(answer.reachabilityEnabled).toBe(reachabilityEnabled);
    expect(shown(await configuration.fetch())).toEqual(shown(answer));
    const { user } = (await fresh("ida")).client;
    await until("ida to see whether she is there", () => user.isOnline === isOnline);
  }
});

it("webhooks, which no client sees", async () => {
  const { configuration, conversations } = library().v1;
  const { sid } = await server.room("hooks");
  const { webhooks } = conversations(sid);
  const events = ["onMessageAdded", "onMessageRemoved"];
  const made = await webhooks.create({
    ...{ target: "webhook", "configuration.url": "https://example.com/1", "configuration.method": "get" },
    "configuration.filters": events,
  });
  const shownAs = { method: "get", url: "https://example.com/1", filters: events };
  await readsBack(webhooks, made.sid, made, { target: "webhook", configuration: shownAs });
  const changed = await webhooks(made.sid).update({ "configuration.url": "https://example.com/2" });
  await readsBack(webhooks, made.sid, changed, { configuration: { ...shownAs, url: "https://example.com/2" } });
  await removes(webhooks, made.sid);
  const given = { method: "GET", filters: events, postWebhookUrl: "https://example.com/3" };
  const answer = await configuration.webhooks().update(given);
  expect(answer).toMatchObject(given);
  expect(shown(await configuration.webhooks().fetch())).toEqual(shown(answer));
});

it("a conversation's values that is made together with its participants, and what finds it", async () => {
  const { conversations, conversationWithParticipants, participantConversations } = library().v1;
  const given = { friendlyName: "together", uniqueName: "together", dateCreated: PAST, dateUpdated: LATER };
  const binding = { address: PHONE, proxy_address: `${PROXY}3` };
  const made = await conversationWithParticipants.create({
    ...{ ...given, attributes: '{"n":1}', "timers.closed": "P1D" },
    participant: [JSON.stringify({ identity: "jon" }), JSON.stringify({ messaging_binding: binding })],
  });
  expect(made).toMatchObject({ ...given, attributes: '{"n":1}', state: "active" });
  expect(await conversations(made.sid).fetch()).toMatchObject({ ...given, timers: made.timers });
  const late = await look("jon", made.sid);
  expect(late).toMatchObject({ ...given, attributes: { n: 1 } });
  const [jon, phone] = await late.getParticipants();
  expect([jon?.identity, phone?.identity]).toEqual(["jon", null]);
  expect(phone?.bindings).toMatchObject({ sms: binding });
  for (const who of [{ identity: "jon" }, { address: PHONE }]) {
    const found = await participantConversations.list({ ...who, pageSize: 1 });
    expect(found.filter(({ conversationSid }) => conversationSid === made.sid)).toMatchObject([
      { conversationFriendlyName: "together", conversationUniqueName: "together", conversationAttributes: '{"n":1}' },
    ]);
  }
});

it("a device that a client registers", async () => {
  const { bindings } = library().v1.services(server.keys.service_sid);
  await (await fresh("kim")).client.setPushRegistrationId("fcm", "her telephone");
  const [bound] = await bindings.list({ identity: ["kim"] });
  expect(bound).toMatchObject({ identity: "kim", endpoint: "her telephone", bindingType: "fcm" });
  await removes(bindings, bound?.sid ?? "");
});

it("credentials and addresses, which no client sees", async () => {
  const { addressConfigurations, credentials } = library().v1;
  const credential = await credentials.create({ type: "fcm", friendlyName: "ours", secret: "hush" });
  await readsBack(credentials, credential.sid, credential, { type: "fcm", friendlyName: "ours", sandbox: "False" });
  await removes(credentials, credential.sid);
  const autoCreation = { enabled: true, type: "webhook", webhook_url: "https://example.com", webhook_method: "POST" };
  const address = await addressConfigurations.create({
    ...{ type: "sms", address: PHONE, friendlyName: "desk", "autoCreation.enabled": true },
    ...{ "autoCreation.type": "webhook", "autoCreation.webhookUrl": "https://example.com" },
  });
  await readsBack(addressConfigurations, PHONE, address, { type: "sms", friendlyName: "desk", autoCreation });
  await removes(addressConfigurations, address.sid);
});

async function upload(name: string, text: string): Promise<string> {
  const { account_sid, auth_token, service_sid } = server.keys;
  const answer = await fetch(`${server.url}/v1/Services/${service_sid}/Media?Filename=${name}`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${account_sid}:${auth_token}`)}`, "Content-Type": "text/plain" },
    body: text,
  });
  return (await answer.json()).sid;
}
