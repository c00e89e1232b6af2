/** Who may do what (../../permissions.md), as an app meets it: the SDK's operations by everybody, and access that is lost. */
import type { Conversation, JSONValue } from "@twilio/conversations";
import { afterAll, describe, expect, it } from "vitest";
import { type Case, Cast, isMember, OTHER, outcome, outcomes } from "./cast";
import type { Person } from "./person";
import { conforms, connect, fresh, server } from "./stage";
import { until } from "./wait";

const NODE = { node: "the table is the service's; a browser sends the same requests" };

let gathered: Promise<Cast> | undefined;
/** Gathered by the first row that needs it. */
const cast = () => {
  gathered ??= Cast.gather(server);
  return gathered;
};
afterAll(async () => (await gathered)?.leave());

/** What a member who connects afterwards sees of a room; null: it is gone. */
interface Seen {
  room: Conversation;
  members: Map<string, { attributes: JSONValue; read: number | null }>;
  messages: Map<string, { body: string | null; attributes: JSONValue }>;
}

async function seen(watcher: Person, sid: string): Promise<Seen | null> {
  const room = await watcher.ready(sid).catch(() => null);
  if (room === null) return null;
  const members = (await room.getParticipants()).map((one) => {
    return [one.identity ?? "", { attributes: one.attributes, read: one.lastReadMessageIndex }] as const;
  });
  const messages = (await room.getMessages()).items.map((one) => {
    return [one.sid, { body: one.body, attributes: one.attributes }] as const;
  });
  return { room, members: new Map(members), messages: new Map(messages) };
}

interface Operation {
  /** Asks for it; null where the SDK asks nothing, or has no object to ask by. */
  ask: (who: Case) => Promise<unknown> | null;
  /** Whether it was done, as a member who came afterwards sees it, or another client of the same person. */
  done: (seen: Seen | null, who: Case, watcher: Person) => boolean | Promise<boolean>;
}

const read = (index: number | null) => (now: Seen | null, who: Case) => now?.members.get(who.actor)?.read === index;
/** An object that is left over from better days has lost what the SDK needs to ask for this. */
const unlessStale = (who: Case, ask: () => Promise<unknown>) => (outcomes("open")[who.actor] === "ok" ? ask() : null);
const isIn = (who: Case) => who.room.status === "joined";
const made = new Map<string, string>();

/** By the table's names. What stands in one group is done in one room, one after the other. */
const GROUPS: { title: string; covers: string[]; operations: Record<string, Operation> }[] = [
  {
    title: "names, attributes, messages and read horizons",
    covers: [
      ...["updateFriendlyName", "updateUniqueName", "updateAttributes", "sendMessage"].map((m) => `Conversation.${m}`),
      ...["updateLastReadMessageIndex", "setUserNotificationLevel"].map((m) => `Conversation.${m}`),
      ...["Message.updateBody", "Message.updateAttributes", "Participant.updateAttributes"],
    ],
    operations: {
      rename: {
        ask: ({ room }) => room.updateFriendlyName("renamed"),
        done: (now) => now?.room.friendlyName === "renamed",
      },
      "change the unique name": {
        ask: ({ room }) => room.updateUniqueName(null),
        done: (now) => now?.room.uniqueName === null,
      },
      "change attributes": {
        ask: ({ room }) => room.updateAttributes([1]),
        done: (now) => JSON.stringify(now?.room.attributes) === "[1]",
      },
      send: {
        ask: ({ room }) => room.sendMessage("new"),
        done: (now) => [...(now?.messages.values() ?? [])].some((one) => one.body === "new"),
      },
      "edit one's own message": {
        ask: ({ mine }) => mine.updateBody("edited"),
        done: (now, { mine }) => now?.messages.get(mine.sid)?.body === "edited",
      },
      "edit another's message": {
        ask: ({ theirs }) => theirs.updateBody("edited"),
        done: (now, { theirs }) => now?.messages.get(theirs.sid)?.body === "edited",
      },
      "change attributes of one's own message": {
        ask: ({ mine }) => mine.updateAttributes(7),
        done: (now, { mine }) => now?.messages.get(mine.sid)?.attributes === 7,
      },
      "change attributes of another's message": {
        ask: ({ theirs }) => theirs.updateAttributes(7),
        done: (now, { theirs }) => now?.messages.get(theirs.sid)?.attributes === 7,
      },
      "change one's own participant's attributes": {
        ask: ({ me }) => me?.updateAttributes(7) ?? null,
        done: (now, { actor }) => now?.members.get(actor)?.attributes === 7,
      },
      "change another participant's attributes": {
        ask: ({ them }) => them.updateAttributes(7),
        done: (now) => now?.members.get(OTHER)?.attributes === 7,
      },
      "set the read horizon": {
        ask: (who) => unlessStale(who, () => who.room.updateLastReadMessageIndex(0)),
        done: read(0),
      },
      "set the notification level": {
        ask: ({ room }) => room.setUserNotificationLevel("muted"),
        done: async (_, who) =>
          isIn(who) && (await (await fresh(who.actor)).room(who.room.sid)).notificationLevel === "muted",
      },
    },
  },
  {
    title: "removing messages and people, adding people, reading on",
    covers: [
      ...["Conversation.add", "Conversation.removeParticipant", "Conversation.advanceLastReadMessageIndex"],
      ...["Message.remove", "Client.createConversation"],
    ],
    operations: {
      create: {
        ask: ({ actor, person }) =>
          person.client.createConversation({ friendlyName: "another" }).then(({ sid }) => made.set(actor, sid)),
        done: async (_, { actor }) => {
          const sid = made.get(actor);
          return (
            sid !== undefined && (await (await fresh(actor)).client.peekConversationBySid(sid)).createdBy === actor
          );
        },
      },
      add: {
        ask: ({ room }) => room.add("somebody"),
        done: (now) => now?.members.has("somebody") === true,
      },
      "advance the read horizon": {
        ask: (who) => unlessStale(who, () => who.room.advanceLastReadMessageIndex(1)),
        done: read(1),
      },
      "remove one's own message": {
        ask: ({ mine }) => mine.remove(),
        done: (now, { mine }) => now?.messages.has(mine.sid) === false,
      },
      "remove another's message": {
        ask: ({ theirs }) => theirs.remove(),
        done: (now, { theirs }) => now?.messages.has(theirs.sid) === false,
      },
      "remove by identity": {
        ask: ({ room }) => room.removeParticipant(OTHER),
        done: (now) => now?.members.has(OTHER) === false,
      },
    },
  },
  {
    title: "removing participants, all read, joining",
    covers: ["Conversation.join", "Conversation.setAllMessagesRead", "Participant.remove"],
    operations: {
      "remove by participant": {
        ask: ({ them }) => them.remove(),
        done: (now) => now?.members.has(OTHER) === false,
      },
      "set all messages read": {
        ask: (who) => unlessStale(who, () => who.room.setAllMessagesRead()),
        done: read(1),
      },
      join: {
        ask: ({ room }) => room.join(),
        done: (now, { actor }) => now?.members.has(actor) === true,
      },
    },
  },
  {
    title: "profiles, all unread",
    covers: ["Conversation.setAllMessagesUnread", "User.updateFriendlyName", "User.updateAttributes", "Client.getUser"],
    operations: {
      "set all messages unread": {
        ask: (who) =>
          unlessStale(who, async () => {
            if (isIn(who)) await who.room.updateLastReadMessageIndex(0);
            await who.room.setAllMessagesUnread();
          }),
        done: read(null),
      },
      "change one's own name": {
        ask: ({ actor, person }) => person.client.user.updateFriendlyName(`I, ${actor}`),
        done: async (_, { actor }, watcher) => (await watcher.client.getUser(actor)).friendlyName === `I, ${actor}`,
      },
      "change one's own profile's attributes": {
        ask: ({ person }) => person.client.user.updateAttributes(7),
        done: async (_, { actor }, watcher) => (await watcher.client.getUser(actor)).attributes === 7,
      },
      "change another's name": {
        ask: ({ friend }) => friend.updateFriendlyName("named by another"),
        done: async (_, { friend }, watcher) =>
          (await watcher.client.getUser(friend.identity)).friendlyName === "named by another",
      },
      "change another's profile's attributes": {
        ask: ({ friend }) => friend.updateAttributes(7),
        done: async (_, { friend }, watcher) => (await watcher.client.getUser(friend.identity)).attributes === 7,
      },
    },
  },
  {
    title: "leaving",
    covers: ["Conversation.leave"],
    operations: {
      leave: {
        ask: (who) => (isIn(who) ? who.room.leave() : null),
        done: (now, { actor }) => now?.members.has(actor) === false,
      },
    },
  },
  {
    title: "deleting",
    covers: ["Conversation.delete"],
    operations: { delete: { ask: ({ room }) => room.delete(), done: (now) => now === null } },
  },
];

/** Every operation of a group by one person: how each ended. */
async function attempts(who: Case, operations: Record<string, Operation>): Promise<Map<string, string>> {
  const ended = new Map<string, string>();
  for (const [operation, { ask }] of Object.entries(operations)) {
    const attempt = ask(who);
    if (attempt !== null) ended.set(operation, await outcome(attempt));
  }
  return ended;
}

describe("who may do what", () => {
  for (const { title, covers, operations } of GROUPS) {
    const test = async () => {
      const watcher = `watcher-of-${title.replace(/\W+/g, "-")}`;
      const cases = await (await cast()).cases(watcher);
      const ended = await Promise.all(cases.map((who) => attempts(who, operations)));
      const member = await fresh(watcher);
      const views = await Promise.all(cases.map((who) => seen(member, who.room.sid)));
      for (const [operation, { done }] of Object.entries(operations)) {
        for (const [n, who] of cases.entries()) {
          const got = ended[n]?.get(operation);
          if (got === undefined) continue;
          const expected = outcomes(operation)[who.actor];
          const happened = expected === "ok" || (operation === "join" && isMember(who.actor));
          const now = [operation, who.actor, got, await done(views[n] ?? null, who, member)];
          expect(now).toEqual([operation, who.actor, expected, happened]);
        }
        expect(ended.filter((one) => one.has(operation)).length).toBeGreaterThan(3);
      }
    };
    conforms(covers, title, test, NODE);
  }
});

const reads = ["peekConversationBySid", "getConversationBySid", "getConversationByUniqueName"].map(
  (m) => `Client.${m}`,
);
const counts = ["getParticipantsCount", "getMessagesCount", "getUnreadMessagesCount"].map((m) => `Conversation.${m}`);
conforms(
  [
    ...reads,
    ...counts,
    "Conversation.getMessages",
    "Conversation.getParticipants",
    "Message.getDetailedDeliveryReceipts",
  ],
  "a conversation is read by those to whom it is open, and does not exist for others",
  async () => {
    const cases = await (await cast()).cases("reader");
    for (const { actor, room } of cases) {
      const { client } = await fresh(actor);
      const uniqueName = room.uniqueName ?? "";
      expect([actor, await outcome(client.peekConversationBySid(room.sid))]).toEqual([actor, outcomes("open")[actor]]);
      expect([actor, await outcome(client.getConversationBySid(room.sid))]).toEqual([actor, outcomes("open")[actor]]);
      const own = outcomes("open one of one's own")[actor];
      expect([actor, await outcome(client.getConversationByUniqueName(uniqueName))]).toEqual([actor, own]);
      // an outsider's are left over from better days, and ask all the same
      const asked = outcomes("open")[actor] === "ok" ? await client.getConversationBySid(room.sid) : room;
      expect([actor, await outcome(asked.getMessagesCount())]).toEqual([actor, outcomes("count messages")[actor]]);
      expect([actor, await outcome(asked.getParticipantsCount())]).toEqual([
        actor,
        outcomes("count participants")[actor],
      ]);
      expect([actor, await outcome(asked.getUnreadMessagesCount())]).toEqual([actor, outcomes("count unread")[actor]]);
      if (asked === room) continue;
      const { items } = await asked.getMessages();
      expect(items.map((message) => message.body)).toEqual(["mine", "theirs"]);
      expect(await asked.getParticipants()).toHaveLength(isMember(actor) ? 3 : 2);
      await items[0]?.getDetailedDeliveryReceipts();
    }
  },
  NODE,
);

conforms(
  ["Conversation.typing", "Conversation#typingStarted"],
  "members are seen typing, others are refused",
  async () => {
    const cases = await (await cast()).cases("audience");
    const audience = await fresh("audience");
    await Promise.all(cases.map(({ room }) => audience.ready(room.sid)));
    await Promise.all(cases.map(({ room }) => server.join(room.sid, "usher")));
    const ushers = () => audience.events.filter((event) => event === "participantJoined: usher").length;
    await until("the audience to be told of every roster, and so of who types", () => ushers() === cases.length);
    const ended = await Promise.all(
      cases.map(async ({ actor, room }) => [actor, await outcome(room.typing())] as const),
    );
    expect(Object.fromEntries(ended)).toEqual(outcomes("type"));
    for (const [actor, got] of ended) if (got === "ok") await audience.sees(`typingStarted: ${actor}`);
    const seen = audience.events.filter((event) => event.startsWith("typingStarted"));
    expect(seen).toHaveLength(ended.filter(([, got]) => got === "ok").length);
  },
  NODE,
);

describe("a moderator who becomes an ordinary user", () => {
  conforms(
    ["Client#conversationRemoved", "Conversation#removed", "Client.peekConversationBySid"],
    "loses the conversations that it only looked into, at once, and keeps its own",
    async () => {
      const { roles } = await server.rest<{ roles: { sid: string; friendly_name: string }[] }>("GET", "/v1/Roles");
      const role = (name: string) => roles.find((one) => one.friendly_name === name)?.sid;
      await server.rest("POST", "/v1/Users", { Identity: "mod", RoleSid: role("service admin") });
      const [closed, own] = [await server.room("closed", "ann"), await server.room("own", "ann", "mod")];
      const [ann, mod] = [await connect("ann"), await connect("mod")];
      await ann.ready(closed.sid);
      const [room, mine] = [await mod.ready(closed.sid), await mod.ready(own.sid)];
      const removed: string[] = [];
      room.on("removed", (one) => removed.push(one.sid));
      await server.say(closed.sid, "ann", "before");
      await mod.sees("messageAdded: before");
      await server.rest("POST", "/v1/Users/mod", { RoleSid: role("service user") });
      await mod.sees("removed: closed");
      expect(removed).toEqual([closed.sid]);
      expect(await outcome(room.sendMessage("still here?"))).toBe("404 50350");
      await ann.room(closed.sid).then((one) => one.typing());
      await server.say(closed.sid, "ann", "among us");
      await server.say(own.sid, "ann", "for you");
      await mod.sees("messageAdded: for you");
      await ann.sees("messageAdded: among us");
      expect(mod.events.filter((event) => /among us|typing|left/.test(event))).toEqual([]);
      expect(mine.status).toBe("joined");
      const again = await fresh("mod");
      expect(await outcome(again.client.peekConversationBySid(closed.sid))).toBe("404 50350");
      expect((await again.client.getSubscribedConversations()).items.map((one) => one.sid)).toEqual([own.sid]);
      await server.rest("POST", "/v1/Users/mod", { RoleSid: role("service admin") });
      const back = await mod.ready(closed.sid);
      expect((await back.getMessages()).items.map((one) => one.body)).toEqual(["before", "among us"]);
      await server.say(closed.sid, "ann", "after");
      await mod.sees("messageAdded: after");
    },
  );
});

it("a refusal reaches the app with the status, Twilio's code and a text that says what is missing", async () => {
  const cases = new Map((await (await cast()).cases("nobody")).map((who) => [who.actor, who]));
  const lacks = (permissions: string) => [
    ...[403, 50107],
    `User is not authorised for this command: it needs the permission ${permissions}`,
  ];
  const expected: [string, (who: Case) => Promise<unknown>, unknown[]][] = [
    ["mute", ({ room }) => room.sendMessage("new"), lacks("sendMessage")],
    ["mute", ({ mine }) => mine.updateBody("edited"), lacks("editAnyMessage or editOwnMessage")],
    ["channel user", ({ theirs }) => theirs.updateBody("edited"), lacks("editAnyMessage")],
    ["channel user", ({ room }) => room.delete(), lacks("deleteConversation")],
    ["creator", ({ room }) => room.add("somebody"), lacks("addParticipant")],
    ["outsider", ({ person }) => person.client.createConversation(), lacks("createConversation")],
    ["outsider", ({ person }) => person.client.user.updateAttributes(1), lacks("editAnyUserInfo or editOwnUserInfo")],
    [
      "moderator",
      ({ room }) => room.sendMessage("new"),
      [403, 50430, "You are not a participant of this conversation"],
    ],
    ["channel user", ({ room }) => room.join(), [409, 50433, "Participant already exists"]],
    ["joiner", ({ room }) => room.join(), [404, 50350, "Conversation not found"]],
  ];
  for (const [actor, ask, [status, code, message]] of expected) {
    const who = cases.get(actor);
    if (who === undefined) throw new Error(`nobody is ${actor}`);
    await expect(ask(who)).rejects.toMatchObject({ status, body: { status, code, message } });
  }
});
