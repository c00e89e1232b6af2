import { Client, NotificationTypes, PushNotification, type User } from "@twilio/conversations";
import { beforeAll, expect } from "vitest";
import { Cable } from "./cable";
import type { Person } from "./person";
import { conforms, connect, fresh, server } from "./stage";
import { heard } from "./told";
import { until } from "./wait";

/** How long the service waits before it says that somebody left, and between two changes of one person. */
const TEN_SECONDS = 10_000;
const SOON = { retryPolicy: { min: 50, max: 200, randomness: 0.2 } };

async function show(enabled: boolean): Promise<void> {
  const path = `/v1/Services/${server.keys.service_sid}/Configuration`;
  await server.rest("POST", path, { ReachabilityEnabled: String(enabled) });
}

beforeAll(() => show(true));

/** Users, as `watcher` sees them from now on. */
async function watched(watcher: Person, ...identities: string[]): Promise<User[]> {
  for (const identity of identities) await server.rest("POST", "/v1/Users", { Identity: identity });
  return Promise.all(identities.map((identity) => watcher.client.getUser(identity)));
}

/** What somebody who connects now sees of a user, and what REST says. */
async function seen(identity: string): Promise<{ online: boolean | null; notifiable: boolean | null }> {
  const user = await (await fresh("newcomer")).client.getUser(identity);
  const rest = await server.rest(`GET`, `/v1/Users/${identity}`);
  expect([rest.is_online, rest.is_notifiable]).toEqual([user.isOnline, user.isNotifiable]);
  return { online: user.isOnline, notifiable: user.isNotifiable };
}

/**
 * Until the service has said of everybody who left before this that they are gone: `clock` leaves, too, and comes last.
 * The clock moves in steps in which the service keeps its lease.
 */
async function gone(clock: Person, shown: User): Promise<void> {
  await until(`${clock.identity} to be online`, () => shown.isOnline);
  await clock.leave();
  await until(`${clock.identity} to be gone`, async () => {
    await server.advance(300);
    return shown.isOnline === false;
  });
}

conforms(
  ["User.isOnline", "Client.reachabilityEnabled", "Client#userUpdated", "User#updated"],
  "says that a person is online while one of several devices and tabs is connected",
  async () => {
    const watcher = await connect("watcher");
    expect(watcher.client.reachabilityEnabled).toBe(true);
    const [ann, clock] = (await watched(watcher, "ann", "clock-a")) as [User, User];
    const updates = heard(ann, "updated");
    expect([ann.isOnline, ann.isNotifiable]).toEqual([false, false]);
    const devices = await Promise.all([connect("ann"), connect("ann"), connect("ann")]);
    await until("ann to be online", () => ann.isOnline);
    expect(await seen("ann")).toEqual({ online: true, notifiable: false });
    expect(devices.map(({ client }) => client.user.isOnline)).toContain(true);
    await Promise.all(devices.slice(1).map((device) => device.leave()));
    await gone(await connect("clock-a"), clock);
    expect([ann.isOnline, updates]).toEqual([true, ["reachabilityOnline"]]);
    await devices[0]?.leave();
    await server.advance(TEN_SECONDS);
    await until("ann to be gone", () => ann.isOnline === false);
    expect(updates).toEqual(["reachabilityOnline", "reachabilityOnline"]);
    expect(watcher.events.filter((event) => event === "userUpdated: ann reachabilityOnline")).toHaveLength(2);
    expect(await seen("ann")).toEqual({ online: false, notifiable: false });
  },
);

conforms(["User.isOnline", "User#updated"], "says nothing of a line that breaks and comes back", async () => {
  const watcher = await connect("watcher");
  const [ben, clock] = (await watched(watcher, "ben", "clock-b")) as [User, User];
  const cable = await Cable.to(server);
  const device = await connect("ben", { socket: cable.socket, ...SOON });
  await until("ben to be online", () => ben.isOnline);
  const updates = heard(ben, "updated");
  await cable.cut();
  await until("ben to notice", () => device.client.connectionState !== "connected");
  await server.advance(TEN_SECONDS / 2);
  await cable.mend();
  await until("ben to be back", () => device.client.connectionState === "connected");
  await gone(await connect("clock-b"), clock);
  expect([ben.isOnline, updates]).toEqual([true, []]);
  expect(await seen("ben")).toEqual({ online: true, notifiable: false });
});

conforms(
  ["User.isOnline", "User#updated"],
  "says nothing of those who come back after the server was killed, and in the end that the others did not",
  async () => {
    const watcher = await connect("watcher", SOON);
    const [cat, dan] = (await watched(watcher, "cat", "dan")) as [User, User];
    const [device, lost] = [await connect("cat", SOON), await connect("dan", SOON)];
    await until("both to be online", () => cat.isOnline && dan.isOnline);
    const updates = heard(cat, "updated");
    await server.kill();
    await lost.leave();
    await server.start();
    for (const person of [device, watcher])
      await until(`${person.identity} to be back`, () => person.client.connectionState === "connected", 30_000);
    const offline = async () => {
      await server.advance(400); // in steps: the lease of the new server must not run out
      return dan.isOnline === false;
    };
    await until("dan to be gone", offline, 60_000);
    expect([cat.isOnline, updates]).toEqual([true, []]);
    expect(await seen("cat")).toEqual({ online: true, notifiable: false });
    expect(await seen("dan")).toEqual({ online: false, notifiable: false });
  },
  { node: "what the server does with those who do not come back is no matter of the client's", timeout: 90_000 },
);

conforms(
  ["Client.reachabilityEnabled", "User.isOnline", "User.isNotifiable"],
  "says nothing of anybody where the service shows no presence",
  async () => {
    await show(false);
    const [watcher, device] = [await connect("watcher"), await connect("eve")];
    const eve = await watcher.client.getUser("eve");
    expect(watcher.client.reachabilityEnabled).toBe(false);
    await device.client.user.updateFriendlyName("Eve");
    await watcher.sees("userUpdated: eve friendlyName");
    expect([eve.isOnline, eve.isNotifiable, device.client.user.isOnline]).toEqual([null, null, null]);
    expect(await seen("eve")).toEqual({ online: null, notifiable: null });
    await show(true);
  },
);

conforms(
  ["Client.setPushRegistrationId", "Client.unsetPushRegistrationId", "User.isNotifiable", "User#updated"],
  "says that a person can be notified while a device is registered",
  async () => {
    const [watcher, device] = [await connect("watcher"), await connect("fay")];
    const fay = await watcher.client.getUser("fay");
    await until("fay to be online", () => fay.isOnline);
    const updates = heard(fay, "updated");
    await device.client.setPushRegistrationId("fcm", "telephone of fay");
    await device.client.setPushRegistrationId("apn", "tablet of fay");
    await until("fay to be notifiable", () => fay.isNotifiable);
    expect(await seen("fay")).toEqual({ online: true, notifiable: true });
    await device.client.unsetPushRegistrationId("fcm");
    expect(await seen("fay")).toEqual({ online: true, notifiable: true });
    await device.client.unsetPushRegistrationId("apn");
    await until("fay not to be notifiable", () => fay.isNotifiable === false);
    expect(updates).toEqual(["reachabilityNotifiable", "reachabilityNotifiable"]);
    expect(await seen("fay")).toEqual({ online: true, notifiable: false });
  },
);

conforms(
  ["Client.setPushRegistrationId", "Client.removePushRegistrations"],
  "gives a device to the person who registered it last, and removes it at that person's word",
  async () => {
    const [gil, hana] = [await connect("gil"), await connect("hana")];
    await gil.client.setPushRegistrationId("fcm", "shared telephone");
    expect((await seen("gil")).notifiable).toBe(true);
    await hana.client.setPushRegistrationId("fcm", "shared telephone");
    expect([(await seen("gil")).notifiable, (await seen("hana")).notifiable]).toEqual([false, true]);
    await gil.client.removePushRegistrations("fcm", "shared telephone");
    expect((await seen("hana")).notifiable).toBe(true);
    await hana.client.removePushRegistrations("fcm", "shared telephone");
    expect((await seen("hana")).notifiable).toBe(false);
  },
);

/** What a push may be about; the service knows them by these names. */
const KINDS = {
  NEW_MESSAGE: "twilio.conversations.new_message",
  ADDED_TO_CONVERSATION: "twilio.conversations.added_to_conversation",
  REMOVED_FROM_CONVERSATION: "twilio.conversations.removed_from_conversation",
  CONSUMPTION_UPDATE: "twilio.channel.consumption_update",
  TYPING_INDICATOR: "twilio.ipmsg.typing_indicator",
};
const PUSHED = {
  twi_message_type: KINDS.NEW_MESSAGE,
  conversation_sid: "CH1",
  conversation_title: "plans",
  message_sid: "IM1",
  message_index: "7",
};
const DATA = { conversationSid: "CH1", conversationTitle: "plans", messageSid: "IM1", messageIndex: 7 };

conforms(
  [
    ...["Client.parsePushNotification", "Client.handlePushNotification", "Client#pushNotification"],
    ...["title", "body", "sound", "badge", "action", "type", "data"].map((name) => `PushNotification.${name}`),
  ],
  "is told of a push notification that the application hands over",
  async () => {
    const { client } = await connect("ivo");
    const told: PushNotification[] = [];
    client.on("pushNotification", (notification) => told.push(notification));
    const fcm = {
      data: { ...PUSHED, twi_title: "plans", twi_body: "ann: hello", twi_sound: "ding", twi_action: "open" },
    };
    const apn = {
      ...PUSHED,
      aps: { alert: { title: "plans", body: "ann: hello" }, sound: "ding", badge: 3, category: "open" },
    };
    for (const payload of [fcm, apn]) await client.handlePushNotification(payload);
    const shown = {
      title: "plans",
      body: "ann: hello",
      sound: "ding",
      action: "open",
      type: PUSHED.twi_message_type,
      data: DATA,
    };
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ ...shown, badge: null });
    expect(told[1]).toMatchObject({ ...shown, badge: 3 });
    expect(Client.parsePushNotification(apn)).toEqual(told[1]);
    expect(told[0]).toBeInstanceOf(PushNotification);
    expect(() => client.parsePushNotification({})).toThrow("not Programmable Chat notification");
  },
  { local: "the SDK alone reads what a push service brought; nothing of it passes the service" },
);

conforms(
  [
    ...["Client.handlePushNotification", "Client#pushNotification", "PushNotification.type"],
    ...Object.keys(KINDS).map((kind) => `NotificationTypes.${kind}`),
  ],
  "is told of each kind of push notification under the name that the SDK has for it",
  async () => {
    const { client } = await connect("jan");
    const told: (string | null)[] = [];
    client.on("pushNotification", ({ type }) => told.push(type));
    for (const type of Object.values(KINDS)) {
      await client.handlePushNotification({ data: { ...PUSHED, twi_message_type: type } });
    }
    const named = Object.keys(KINDS).map((kind) => NotificationTypes[kind as keyof typeof KINDS]);
    expect([told, named]).toEqual([Object.values(KINDS), Object.values(KINDS)]);
  },
  { local: "the SDK alone reads what a push service brought; nothing of it passes the service" },
);
