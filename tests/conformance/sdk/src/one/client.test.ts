import { Client } from "conversations-1";
import { expect } from "vitest";
import { conforms, keep, server } from "../stage";
import { inParallel, until } from "../wait";
import { type Conversation, connect, fresh, Person, refusal } from "./person";

conforms(
  ["create", "shutdown", "version", "user", "token", "reachabilityEnabled", "connectionState"].map(
    (member) => `Client.${member}`,
  ),
  "is created with its own user, and ends",
  async () => {
    const token = await server.token("newcomer");
    const { client } = await connect("newcomer", { token });
    expect([client.version, Client.version, client.token]).toEqual(["1.1.0", "1.1.0", token]);
    await until("the connection", () => client.connectionState === "connected");
    expect(client.reachabilityEnabled).toBe(false);
    await client.getSubscribedUsers();
    expect(client.user).toMatchObject({ identity: "newcomer", friendlyName: null, attributes: {}, isSubscribed: true });
    const room = await client.createConversation({ friendlyName: "at once" });
    await client.shutdown();
    await until("the end", () => client.connectionState === "disconnected");
    const late = await fresh("newcomer");
    expect((await late.client.createConversation({ friendlyName: "later" })).sid).not.toBe(room.sid);
    await expect(Client.create("", {})).rejects.toThrow();
  },
);

conforms(["Client.reachabilityEnabled", "User.isOnline", "User.isNotifiable"], "knows who is online", async () => {
  const path = `/v1/Services/${server.keys.service_sid}/Configuration`;
  await server.rest("POST", path, { ReachabilityEnabled: "true" });
  const [ann, ben] = [await connect("ann"), await fresh("ben")];
  await ann.client.getSubscribedUsers();
  const seen = await ben.client.getUser("ann");
  await until("ann to be online", () => seen.isOnline);
  expect([ben.client.reachabilityEnabled, seen.isNotifiable]).toEqual([true, false]);
  await server.rest("POST", path, { ReachabilityEnabled: "false" });
  expect((await fresh("ben")).client.reachabilityEnabled).toBe(false);
});

conforms(
  ["Client.createConversation", "Client#conversationAdded", "SessionError.code"],
  "makes conversations with all that they may have, or with nothing",
  async () => {
    const ben = await connect("ben");
    const attributes = { colour: "red", list: [1, { deep: null }] };
    const full = await ben.client.createConversation({ friendlyName: "plans", uniqueName: "plans-2020", attributes });
    const bare = await ben.client.createConversation();
    await ben.sees("added: plans");
    await ben.sees("added: null");
    const shown = { sid: full.sid, friendlyName: "plans", uniqueName: "plans-2020", createdBy: "ben", attributes };
    expect(full).toMatchObject({ ...shown, status: "notParticipating" });
    await full.join();
    await bare.join();
    const late = await fresh("ben");
    expect(await late.client.getConversationBySid(full.sid)).toMatchObject({ ...shown, status: "joined" });
    expect(await late.client.getConversationBySid(bare.sid)).toMatchObject({ friendlyName: null, uniqueName: null });
    expect(await refusal(ben.client.createConversation({ uniqueName: "plans-2020" }))).toBe(50353);
    await expect(ben.client.createConversation({ friendlyName: 7 } as object)).rejects.toThrow();
  },
);

const ODD_NAMES = ["a/b?c#d&e=f", "..", "%2F", "+ +", "zoë 😀", " ", '"\\'];

conforms(
  ["Client.getConversationByUniqueName", "Client.getConversationBySid"],
  "finds its own conversations by their names, whatever is in them, and no others",
  async () => {
    const cleo = await connect("cleo");
    const made: Conversation[] = [];
    for (const uniqueName of ODD_NAMES) made.push(await cleo.client.createConversation({ uniqueName }));
    for (const room of made) await room.join();
    const late = await fresh("cleo");
    for (const name of ODD_NAMES) {
      expect((await late.client.getConversationByUniqueName(name)).uniqueName, name).toBe(name);
    }
    await expect(late.client.getConversationByUniqueName("unknown")).rejects.toThrow();
    const stranger = await fresh("stranger");
    await expect(stranger.client.getConversationByUniqueName("..")).rejects.toThrow();
    await expect(stranger.client.getConversationBySid(made[0]?.sid ?? "")).rejects.toThrow("is not found");
  },
);

conforms(
  [
    ...["Client.getSubscribedConversations", "Paginator.items", "Paginator.hasNextPage", "Paginator.hasPrevPage"],
    ...["Paginator.nextPage", "Paginator.prevPage"],
  ],
  "finds all its conversations, page by page, and none when there are none",
  async () => {
    const empty = await (await fresh("hermit")).client.getSubscribedConversations();
    expect([empty.items, empty.hasNextPage, empty.hasPrevPage]).toEqual([[], false, false]);
    const made = (await inParallel(205, (n) => server.room(`room ${n}`, "collector"))).map((room) => room.sid);
    const collector = await fresh("collector");
    const first = await collector.client.getSubscribedConversations();
    expect([first.hasPrevPage, first.hasNextPage]).toEqual([false, true]);
    const sids: string[] = [];
    let page = first;
    for (;;) {
      sids.push(...page.items.map((room) => room.sid));
      if (!page.hasNextPage) break;
      page = await page.nextPage();
    }
    expect(sids.sort()).toEqual(made.sort());
    const second = await first.nextPage();
    expect((await second.prevPage()).items.map((room) => room.sid)).toEqual(first.items.map((room) => room.sid));
    await expect(first.prevPage()).rejects.toThrow();
  },
  { timeout: 120_000 },
);

conforms(
  ["Joined", "Left", "Removed", "Added"].map((event) => `Client#conversation${event}`),
  "is told of conversations that it gets and loses",
  async () => {
    const dora = await connect("dora");
    const { sid } = await server.room("here", "dora");
    await dora.sees("added: here");
    await dora.sees("joined: here");
    await dora.ready(sid);
    await server.rest("DELETE", `/v1/Conversations/${sid}/Participants/dora`);
    await dora.sees("left: here");
    await dora.sees("removed: here");
    const gone = await server.room("gone", "dora");
    await dora.ready(gone.sid);
    await server.rest("DELETE", `/v1/Conversations/${gone.sid}`);
    await dora.sees("removed: gone");
    const late = await fresh("dora");
    expect((await late.client.getSubscribedConversations()).items).toEqual([]);
  },
);

conforms(
  ["Client.setPushRegistrationId", "Client.unsetPushRegistrationId", "User.isNotifiable"],
  "registers a device for push",
  async () => {
    const path = `/v1/Services/${server.keys.service_sid}/Configuration`;
    await server.rest("POST", path, { ReachabilityEnabled: "true" });
    const [eve, other] = [await connect("eve"), await fresh("other")];
    const seen = await other.client.getUser("eve");
    await eve.client.setPushRegistrationId("fcm", "eve's telephone");
    await until("eve to be notifiable", () => seen.isNotifiable);
    await eve.client.unsetPushRegistrationId("fcm");
    await until("eve not to be notifiable", () => !seen.isNotifiable);
    await expect(eve.client.unsetPushRegistrationId("gcm" as "fcm")).rejects.toThrow();
  },
);

conforms(
  ["Client#pushNotification", "Client.handlePushNotification", "Client.parsePushNotification"].concat(
    ["title", "body", "sound", "badge", "action", "type", "data"].map((member) => `PushNotification.${member}`),
  ),
  "reads push notifications that a device received",
  async () => {
    const { client } = await connect("fay");
    const told: unknown[] = [];
    client.on("pushNotification", (notification) => told.push(notification));
    const data = { conversation_sid: "CH1", message_index: "7", message_sid: "IM1" };
    const said = { twi_title: "t", twi_body: "b", twi_sound: "s", twi_action: "a" };
    await client.handlePushNotification({ data: { twi_message_type: "twilio.channel.new_message", ...said, ...data } });
    const type = "twilio.channel.new_message";
    const shown = { conversationSid: "CH1", messageIndex: 7, messageSid: "IM1" };
    const expected = { title: "t", body: "b", sound: "s", badge: null, action: "a", type, data: shown };
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject(expected);
    const aps = { alert: { title: "t", body: "b" }, sound: "s", badge: 3, category: "a" };
    expect(Client.parsePushNotification({ aps, twi_message_type: type, ...data })).toMatchObject({
      ...{ ...expected, badge: 3 },
    });
    expect(() => client.parsePushNotification({})).toThrow();
  },
  { local: "what is read came to the device from elsewhere" },
);

conforms(
  ["Client.getUser", "Client.getSubscribedUsers", "Client#userSubscribed", "Client#userUnsubscribed"].concat(
    ["identity", "friendlyName", "attributes", "isSubscribed", "unsubscribe"].map((member) => `User.${member}`),
    ["User#userSubscribed", "User#userUnsubscribed"],
  ),
  "subscribes to users, and leaves them",
  async () => {
    await server.rest("POST", "/v1/Users", { Identity: "zoë/1", FriendlyName: "Zoë", Attributes: '{"a":[1]}' });
    const gina = await fresh("gina");
    const user = await gina.client.getUser("zoë/1");
    expect(user).toMatchObject({
      ...{ identity: "zoë/1", friendlyName: "Zoë", attributes: { a: [1] }, isSubscribed: true },
    });
    await gina.sees("userSubscribed: zoë/1");
    expect(await gina.client.getUser("zoë/1")).toBe(user);
    expect((await gina.client.getSubscribedUsers()).map((each) => each.identity)).toEqual(["gina", "zoë/1"]);
    const told: string[] = [];
    user.on("userUnsubscribed", () => told.push("left"));
    user.on("userSubscribed", () => told.push("there"));
    await user.unsubscribe();
    await gina.sees("userUnsubscribed: zoë/1");
    expect([told, user.isSubscribed]).toEqual([["left"], false]);
    await expect(gina.client.getUser("nobody")).rejects.toThrow();
    const own = (await gina.client.getSubscribedUsers())[0];
    own?.on("userSubscribed", () => told.push("self"));
    await own?.unsubscribe();
    await until("herself again", () => told.includes("self"));
  },
);

conforms(
  [
    ...["Client#userUpdated", "User#updated", "User.updateAttributes", "User.updateFriendlyName", "User.friendlyName"],
    ...["User.attributes", "SessionError.code"],
  ],
  "changes its own user, which the others see",
  async () => {
    const [hal, ida] = [await connect("hal"), await connect("ida")];
    const seen = await ida.client.getUser("hal");
    const told: string[] = [];
    seen.on("updated", ({ updateReasons }) => told.push(...updateReasons));
    await hal.client.getSubscribedUsers();
    await hal.client.user.updateFriendlyName("Hal");
    await ida.sees("userUpdated: hal friendlyName");
    await hal.client.user.updateAttributes({ b: [null] });
    await ida.sees("userUpdated: hal attributes");
    await hal.sees("userUpdated: hal attributes");
    expect(told).toEqual(["friendlyName", "attributes"]);
    const late = await (await fresh("ida")).client.getUser("hal");
    expect([late.friendlyName, late.attributes]).toEqual(["Hal", { b: [null] }]);
    expect(await refusal(seen.updateFriendlyName("Not I"))).toBe(50107);
    await hal.client.user.updateFriendlyName(null as unknown as string);
    await until("no name", () => seen.friendlyName === null);
  },
);

conforms(
  ["Client#connectionStateChanged", "Client#tokenAboutToExpire", "Client.updateToken", "Client.token"],
  "renews its token on the living connection",
  async () => {
    const jim = await connect("jim", { token: await server.token("jim", 4) });
    await jim.sees("tokenAboutToExpire");
    const token = await server.token("jim");
    expect(await jim.client.updateToken(token)).toBe(jim.client);
    expect(jim.client.token).toBe(token);
    await server.advance(10_000);
    const room = await jim.client.createConversation({ friendlyName: "still there" });
    await room.join();
    expect((await (await fresh("jim")).client.getConversationBySid(room.sid)).friendlyName).toBe("still there");
  },
);

conforms(
  ["Client#tokenExpired", "Client#connectionError", "Client#connectionStateChanged", "Client.updateToken"],
  "is told that its token expired, and goes on with another",
  async () => {
    const kim = await connect("kim", { token: await server.token("kim", 4) });
    const { sid } = await server.room("missed", "lou");
    await kim.sees("tokenExpired");
    await kim.sees("connectionError: 401 20104 true");
    await kim.sees("connection: denied");
    await server.join(sid, "kim");
    await kim.client.updateToken(await server.token("kim"));
    await kim.sees("connection: connected");
    await kim.sees("joined: missed");
    const room = await kim.client.getConversationBySid(sid);
    expect(await room.sendMessage("back again")).toBe(0);
    expect((await (await fresh("kim")).history(sid)).map((message) => message.body)).toEqual(["back again"]);
  },
);

conforms(["Client.create"], "waits for a server that lets it in", async () => {
  const token = await server.token("mia");
  await server.kill();
  const coming = Person.of(server, "mia", { token });
  await server.start();
  const mia = keep(await coming);
  expect((await mia.client.getSubscribedConversations()).items).toEqual([]);
  expect((await fresh("mia")).client.user.identity).toBe("mia");
});
