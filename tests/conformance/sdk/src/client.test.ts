import {
  Client,
  type ClientOptions,
  type Conversation,
  NotificationTypes,
  type Paginator,
} from "@twilio/conversations";
import { expect, inject } from "vitest";
import { Cable } from "./cable";
import { type Person, SOON } from "./person";
import { begin, conforms, connect, fresh, server } from "./stage";
import { heard, hosted, refusal } from "./told";
import { inParallel, until } from "./wait";

/** A service role with these permissions, given to a user who is made with it. */
async function userWith(identity: string, ...permissions: string[]): Promise<void> {
  const role = await server.rest<{ sid: string }>("POST", "/v1/Roles", {
    FriendlyName: `role of ${identity}`,
    Type: "service",
    Permission: permissions,
  });
  await server.rest("POST", "/v1/Users", { Identity: identity, RoleSid: role.sid });
}

/** The names on all pages, in the order in which they are given. */
async function names(page: Paginator<Conversation>): Promise<(string | null)[]> {
  const all = page.items.map((room) => room.friendlyName);
  return page.hasNextPage ? [...all, ...(await names(await page.nextPage()))] : all;
}

/** What the client told since it had told `before`, without its connection and its start. */
function since(before: number, person: Person): string[] {
  return person.events.slice(before);
}

conforms(
  [
    ...["constructor", "version", "user", "reachabilityEnabled", "connectionState"].map((member) => `Client.${member}`),
    ...["Client#initialized", "Client#stateChanged", "User#updated"],
  ],
  "is initialized with its own user, who is made with the service's default role",
  async () => {
    const newcomer = await begin("newcomer");
    const { client } = newcomer;
    const told = heard(client.user, "updated");
    expect(() => client.reachabilityEnabled).toThrow("not yet be accessed");
    expect([client.user.identity, client.user.isSubscribed, client.connectionState]).toEqual(["", false, "unknown"]);
    await newcomer.arrive();
    expect([client.version, Client.version]).toEqual([inject("version"), inject("version")]);
    expect(client.user).toMatchObject({ identity: "newcomer", friendlyName: null, attributes: {}, isSubscribed: true });
    expect(told).toContain("attributes friendlyName reachabilityNotifiable reachabilityOnline");
    const seen = await (await fresh("another")).client.getUser("newcomer");
    expect([seen.identity, seen.friendlyName, seen.attributes]).toEqual(["newcomer", null, {}]);
    const user = await server.rest<{ role_sid: string }>("GET", "/v1/Users/newcomer");
    const path = `/v1/Services/${server.keys.service_sid}/Configuration`;
    const service = await server.rest<{ default_chat_service_role_sid: string }>("GET", path);
    expect(user.role_sid).toBe(service.default_chat_service_role_sid);
    for (const enabled of [true, false]) {
      await server.rest("POST", path, { ReachabilityEnabled: String(enabled) });
      expect((await fresh("newcomer")).client.reachabilityEnabled).toBe(enabled);
    }
  },
);

conforms(["Client.create", "Client.shutdown"], "can be waited for", async () => {
  const options = { twilsock: { uri: server.socket } } as ClientOptions;
  const client = await Client.create(await server.token("created"), options);
  const room = await client.createConversation({ friendlyName: "at once" });
  await client.shutdown();
  expect((await (await fresh("created")).room(room.sid)).friendlyName).toBe("at once");
  const denied = await Client.create(await server.token("created", -5), options);
  await until("the refusal", () => denied.connectionState === "denied");
  await denied.shutdown();
  expect(() => new Client("")).toThrow();
});

conforms(
  [
    ...["Client.populateInitRegistrations", "Client.constructor", "Client#typingStarted"],
    "NotificationTypes.TYPING_INDICATOR",
  ],
  "says in its init what it wants to be notified of, and is, whoever wrote it down",
  async () => {
    const registration = {
      ...{ product: "ip_messaging", type: "ers", notification_protocol_version: 0, message_types: [] as string[] },
      populateInitRegistrations(types: string[]) {
        this.message_types.push(...types);
      },
    };
    Client.populateInitRegistrations(registration);
    expect(registration.message_types).toEqual(
      expect.arrayContaining([NotificationTypes.TYPING_INDICATOR, "twilio.sync.event"]),
    );
    const room = await server.room("registered", "lea", "max");
    const lea = await fresh("lea", { initRegistrations: [registration] });
    await lea.ready(room.sid);
    const max = await connect("max", { typingIndicatorTimeoutOverride: 20 });
    const his = await max.ready(room.sid);
    await until("lea to see max type", async () => {
      await his.typing(); // what comes before she has opened all of the room is lost
      return lea.has("typingStarted: max");
    });
  },
);

conforms(
  ["Client#initFailed", "Client#stateChanged", "Client#initialized"],
  "fails to start without its configuration, and a new one starts once there is one",
  async () => {
    await server.break("GET /Client/v2/Configuration");
    const ada = await begin("ada");
    const [errors, states]: [unknown[], string[]] = [[], []];
    ada.client.on("initFailed", ({ error }) => errors.push(error));
    ada.client.on("stateChanged", (state) => states.push(state));
    await until("the failure", () => errors.length > 0).finally(() => server.break(null));
    const message = 'Fetch resource from "Client/v2/Configuration" failed.';
    expect([errors, states]).toEqual([[{ terminal: true, message }], ["failed"]]);
    expect(ada.client.connectionState).toBe("connected");
    const again = await fresh("ada");
    expect([again.client.user.identity, again.has("initialized")]).toEqual(["ada", true]);
  },
);

conforms(
  [
    ...["Client.getSubscribedConversations", "Client#conversationJoined", "Client#conversationAdded"],
    ...[
      "Paginator.items",
      "Paginator.hasNextPage",
      "Paginator.hasPrevPage",
      "Paginator.nextPage",
      "Paginator.prevPage",
    ],
  ],
  "finds all its conversations, page by page, and none when there are none",
  async () => {
    const empty = await (await fresh("hermit")).client.getSubscribedConversations();
    expect([empty.items, empty.hasNextPage, empty.hasPrevPage]).toEqual([[], false, false]);
    const expected = (await inParallel(205, (n) => server.room(`room ${n}`, "collector"))).map((room) => room.sid);
    const collector = await fresh("collector");
    for (const event of ["added", "joined"]) {
      const count = () => collector.events.filter((told) => told.startsWith(`${event}: `)).length;
      await until(`205 rooms ${event}`, () => count() === 205, 60_000);
    }
    const first = await collector.client.getSubscribedConversations();
    expect([first.hasPrevPage, first.hasNextPage]).toEqual([false, true]);
    const all = await names(first);
    expect(new Set(all)).toEqual(new Set(Array.from({ length: 205 }, (_, n) => `room ${n}`)));
    expect(all).toHaveLength(205);
    const second = await first.nextPage();
    const back = await second.prevPage();
    expect(back.items.map((room) => room.sid)).toEqual(first.items.map((room) => room.sid));
    expect(expected).toEqual(expect.arrayContaining(second.items.map((room) => room.sid)));
  },
  { timeout: 120_000 },
);

conforms(
  ["Client.createConversation", "Client#conversationAdded", "Client.getConversationBySid"],
  "makes conversations with all that they may have, or with nothing",
  async () => {
    const ben = await connect("ben");
    const { client } = ben;
    const full = await client.createConversation({
      friendlyName: "plans",
      uniqueName: "plans-2026",
      attributes: { colour: "red", list: [1, { deep: null }] },
    });
    const bare = await client.createConversation();
    await ben.sees("added: plans");
    await ben.sees("added: null");
    const late = await fresh("ben");
    expect(late.has("added: plans")).toBe(false);
    expect(await late.room(full.sid)).toMatchObject({
      ...{ sid: full.sid, friendlyName: "plans", uniqueName: "plans-2026", createdBy: "ben" },
      attributes: { colour: "red", list: [1, { deep: null }] },
    });
    expect(await late.room(bare.sid)).toMatchObject({ friendlyName: null, uniqueName: null, attributes: {} });
    expect(await refusal(client.createConversation({ uniqueName: "plans-2026" }))).toEqual([409, 50353]);
    const twice = await Promise.allSettled([1, 2, 3].map(() => client.createConversation({ uniqueName: "raced" })));
    expect(twice.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    await expect(client.createConversation({ friendlyName: 7 } as object)).rejects.toThrow();
  },
);

const ODD_NAMES = ["a/b?c#d&e=f", "..", ".", "%2F", "+ +", "zoë 😀", "MyConversations", " ", '"\\', "ch12"];

conforms(
  ["Client.getConversationByUniqueName", "Client.createConversation"],
  "finds its own conversations by their unique names, whatever is in them",
  async () => {
    const cleo = await connect("cleo");
    for (const uniqueName of ODD_NAMES) await (await cleo.client.createConversation({ uniqueName })).join();
    const late = await fresh("cleo");
    for (const name of ODD_NAMES) {
      expect((await late.client.getConversationByUniqueName(name)).uniqueName, name).toBe(name);
    }
    for (const unknown of ["unknown", "a/b", "A/B?C#D&E=F", "%252F"]) {
      expect(await refusal(late.client.getConversationByUniqueName(unknown))).toEqual([404, 50350]);
    }
    const stranger = await fresh("stranger");
    for (const name of ODD_NAMES) {
      expect(await refusal(stranger.client.getConversationByUniqueName(name)), name).toEqual([404, 50350]);
    }
    await expect(late.client.getConversationByUniqueName("")).rejects.toThrow();
  },
);

conforms(
  ["Client.peekConversationBySid", "Client.getConversationBySid"],
  "opens a conversation by its SID for members, its creator and moderators, and for nobody else",
  async () => {
    await userWith("moderator", "editAnyMessage");
    await userWith("administrator", "deleteAnyMessage");
    await userWith("outsider", "joinConversation", "addParticipant", "removeParticipant", "deleteConversation");
    const creator = await connect("creator");
    const { sid } = await creator.client.createConversation({ friendlyName: "closed doors" });
    await server.join(sid, "member");
    await server.say(sid, "member", "psst");
    for (const [identity, status] of [
      ["member", "joined"],
      ["creator", "notParticipating"],
      ["moderator", "notParticipating"],
      ["administrator", "notParticipating"],
    ] as const) {
      const person = await fresh(identity);
      const peeked = await person.client.peekConversationBySid(sid);
      expect([peeked.friendlyName, peeked.status], identity).toEqual(["closed doors", status]);
      expect((await peeked.getMessages()).items.map((message) => message.body)).toEqual(["psst"]);
      expect(await person.client.getConversationBySid(sid)).toBe(peeked);
      expect(await peeked.getParticipantsCount()).toBe(1);
    }
    for (const identity of ["outsider", "stranger"]) {
      const { client } = await fresh(identity);
      expect(await refusal(client.peekConversationBySid(sid))).toEqual([404, 50350]);
      expect(await refusal(client.getConversationBySid(sid))).toEqual([404, 50350]);
      expect(await refusal(client.peekConversationBySid(`CH${"0".repeat(32)}`))).toEqual([404, 50350]);
    }
    const { client } = await fresh("member");
    for (const odd of ["CH", "..", "a/b", "%00", "😀"]) {
      expect(await refusal(client.peekConversationBySid(odd)), odd).toEqual([404, 50350]);
      expect(await refusal(client.getConversationBySid(odd)), odd).toEqual([404, 50350]);
    }
    await expect(client.peekConversationBySid("")).rejects.toThrow();
  },
);

conforms(
  ["Client.peekConversationBySid", "Client#conversationUpdated", "Client#conversationRemoved"],
  "keeps what it only peeks at up to date, until it is gone",
  async () => {
    await userWith("guard", "editAnyMessage");
    const { sid } = await server.room("watched", "dan");
    const guard = await connect("guard");
    const peeked = await guard.client.peekConversationBySid(sid);
    await peeked.getMessages();
    await server.rest("POST", `/v1/Conversations/${sid}`, { FriendlyName: "still watched" });
    await guard.sees("updated: still watched friendlyName,dateUpdated");
    await server.say(sid, "dan", "hello");
    await guard.sees("messageAdded: hello");
    expect((await (await fresh("guard")).client.peekConversationBySid(sid)).friendlyName).toBe("still watched");
    await server.rest("DELETE", `/v1/Conversations/${sid}`);
    await guard.sees("removed: still watched");
    expect(guard.has("left: still watched")).toBe(false);
  },
);

conforms(
  [
    ...["conversationAdded", "conversationJoined", "conversationUpdated", "conversationLeft", "conversationRemoved"],
    ...["participantJoined", "participantUpdated", "participantLeft"],
    ...["messageAdded", "messageUpdated", "messageRemoved"],
    ...["typingStarted", "typingEnded"],
  ].map((event) => `Client#${event}`),
  "tells of everything that happens in its conversations, in order",
  async () => {
    const [eve, finn] = [await connect("eve"), await connect("finn")];
    const room = await hosted(eve, "stage");
    const [before, own] = [finn.events.length, eve.events.length];
    await room.add("finn");
    await finn.sees("joined: stage");
    const his = await finn.ready(room.sid);
    await room.updateFriendlyName("big stage");
    await finn.sees("updated: big stage friendlyName,dateUpdated");
    await server.join(room.sid, "gina");
    await finn.sees("participantJoined: gina");
    await (await room.getParticipantByIdentity("gina"))?.updateAttributes({ seat: 1 });
    await finn.sees("participantUpdated: gina attributes,dateUpdated");
    await room.typing();
    await finn.sees("typingStarted: eve");
    await room.sendMessage("line");
    await finn.sees("messageAdded: line");
    await finn.sees("typingEnded: eve");
    const message = (await room.getMessages()).items[0];
    await message?.updateBody("other line");
    await finn.sees("messageUpdated: other line body");
    await message?.remove();
    await finn.sees("messageRemoved: other line");
    await room.removeParticipant("gina");
    await finn.sees("participantLeft: gina");
    await room.removeParticipant("finn");
    await finn.sees("removed: big stage");
    const told = since(before, finn).filter((event) => !event.startsWith("updated") || event.includes("friendlyName"));
    expect(told.filter((event) => event !== "updated: stage friendlyName")).toEqual([
      ...["added: stage", "joined: stage", "updated: big stage friendlyName,dateUpdated"],
      ...["participantJoined: gina", "participantUpdated: gina attributes,dateUpdated", "typingStarted: eve"],
      ...["typingEnded: eve", "messageAdded: line", "messageUpdated: other line body", "messageRemoved: other line"],
      ...["participantLeft: gina", "left: big stage", "removed: big stage"],
    ]);
    await eve.sees("participantLeft: finn");
    for (const event of ["participantJoined: finn", "messageAdded: line", "messageRemoved: other line"]) {
      expect(since(own, eve).filter((each) => each === event)).toEqual([event]);
    }
    expect(await (await fresh("finn")).client.getSubscribedConversations()).toMatchObject({ items: [] });
    const seen = await (await fresh("eve")).ready(room.sid);
    expect((await seen.getParticipants()).map((member) => member.identity)).toEqual(["eve"]);
    expect((await seen.getMessages()).items).toEqual([]);
    expect(his.status).toBe("notParticipating");
  },
);

conforms(
  ["Client#conversationAdded", "Client#conversationJoined", "Client#messageAdded", "Client.shutdown"],
  "is independent of other clients of the same person",
  async () => {
    const cable = await Cable.to(server);
    const [one, other] = [await connect("hugo", { socket: cable.socket, ...SOON }), await connect("hugo")];
    const first = await hosted(one, "made by one");
    await other.sees("joined: made by one");
    await other.ready(first.sid);
    await cable.cut();
    const room = await hosted(other, "made by the other");
    await room.sendMessage("alone");
    await other.sees("messageAdded: alone");
    await other.client.shutdown();
    await cable.mend();
    await one.sees("joined: made by the other");
    await one.ready(room.sid);
    expect(await one.history(room.sid)).toHaveLength(1);
    const late = await fresh("hugo");
    for (const { sid } of [first, room]) await late.ready(sid);
    expect((await names(await late.client.getSubscribedConversations())).sort()).toEqual([
      "made by one",
      "made by the other",
    ]);
  },
);
