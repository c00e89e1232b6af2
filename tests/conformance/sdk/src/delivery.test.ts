/** Nothing is lost, doubled or out of order, whatever breaks (docs/protocol.md, "Positions"). */
import type { Conversation } from "@twilio/conversations";
import { describe, expect } from "vitest";
import { Cable } from "./cable";
import { type Person, view } from "./person";
import { conforms, connect, fresh, server } from "./stage";
import { inParallel, until } from "./wait";

const numbered = (count: number, name = "m") => Array.from({ length: count }, (_, n) => `${name} ${n}`);

/** Send until it is acknowledged, as a careful application does: with the same `cid` each time. */
/** After a few attempts without a server the SDK waits long before the next one. */
const RECONNECT_MS = 100_000;

async function sendSurely(room: Conversation, body: string): Promise<void> {
  const sent = () =>
    room.sendMessage(body, { cid: body }).then(
      () => true,
      () => false,
    );
  await until(`"${body}" to be acknowledged`, sent, RECONNECT_MS);
}

function heard(person: Person, sid: string): string[] {
  return person.bodies.get(sid) ?? [];
}

/** Wait until a client that was away shows what one shows that connects anew. */
async function agree(person: Person): Promise<void> {
  const other = await fresh(person.identity);
  await until(`${person.identity} to see what a new client sees`, async () => {
    return JSON.stringify(await view(person)) === JSON.stringify(await view(other));
  });
}

const path = (sid: string, rest = "") => `/v1/Conversations/${sid}${rest}`;

describe("after a broken line", () => {
  conforms(
    ["Client.getSubscribedConversations", "Client#conversationJoined"],
    "a room is found again whose opening was cut off, when the client is asked for its rooms",
    async () => {
      const line = await Cable.to(server);
      const person = await connect("opening", { socket: line.socket });
      await person.client.getSubscribedConversations();
      const room = await server.room("half open", "bob");
      await line.cutAfter(room.sid);
      await server.join(room.sid, "opening"); // the client hears of the room, asks for its document, and is cut off
      await until("the line to break", () => person.client.connectionState !== "connected");
      await line.mend();
      await until("the client to come back", () => person.client.connectionState === "connected");
      expect(person.events).not.toContain("joined: half open"); // the SDK gives such a room up without a word
      await until("the room", async () => {
        await person.client.getSubscribedConversations();
        return person.events.includes("joined: half open");
      });
      expect(person.events.filter((event) => event === "joined: half open")).toHaveLength(1);
      await agree(person);
    },
  );

  conforms(
    ["Client#messageAdded", "Client#messageUpdated", "Client#messageRemoved", "Client#conversationLeft"].concat([
      "Client#participantJoined",
      "Client#participantLeft",
      "Client#conversationUpdated",
    ]),
    "a client shows what one shows that starts anew, whatever happened meanwhile",
    async () => {
      const away = "away";
      const [stays, goes, returns, dies, changed] = [
        await server.room("stays", away, "bob", "cat"),
        await server.room("goes", away, "bob"),
        await server.room("returns", away, "bob"),
        await server.room("dies", away, "bob"),
        await server.room("changed", away, "bob"),
      ];
      const old = await inParallel(10, (n) => server.say(stays.sid, "bob", `old ${n}`), 1);
      const line = await Cable.to(server);
      const person = await connect(away, { socket: line.socket });
      await until("five rooms", () => person.events.filter((event) => event.startsWith("joined")).length === 5);
      await view(person);
      const before = person.events.length;
      await line.cut();

      await inParallel(130, (n) => server.say(stays.sid, "bob", `new ${n}`), 1);
      await server.rest("POST", path(stays.sid, `/Messages/${old[3]?.sid}`), { Body: "edited" });
      await server.rest("DELETE", path(stays.sid, `/Messages/${old[5]?.sid}`));
      const brief = await server.say(stays.sid, "bob", "brief");
      await server.rest("DELETE", path(stays.sid, `/Messages/${brief.sid}`));
      await server.rest("DELETE", path(stays.sid, "/Participants/cat"));
      await server.join(stays.sid, "dog");
      await server.rest("DELETE", path(goes.sid, `/Participants/${away}`));
      await server.rest("DELETE", path(returns.sid, `/Participants/${away}`));
      await server.say(returns.sid, "bob", "said while away was out");
      await server.join(returns.sid, away);
      await server.rest("DELETE", path(dies.sid));
      await server.rest("POST", path(changed.sid), { FriendlyName: "changed name", Attributes: '{"new":true}' });
      const born = await server.room("born", away, "bob");
      await server.say(born.sid, "bob", "welcome");
      await line.mend();

      await person.sees("joined: born");
      await person.sees("left: goes");
      await person.sees("removed: dies");
      await until("the changed name", async () => (await person.room(changed.sid)).friendlyName === "changed name");
      await agree(person);
      const events = person.events.slice(before);
      expect(events.filter((event) => event.startsWith("messageAdded: new"))).toEqual(
        numbered(130, "messageAdded: new"),
      );
      expect(events).toEqual(
        expect.arrayContaining(
          ["messageUpdated: edited body", "messageRemoved: old 5"].concat([
            "participantLeft: cat",
            "participantJoined: dog",
          ]),
        ),
      );
      expect(events.filter((event) => /^(left|removed): dies/.test(event))).toEqual(["left: dies", "removed: dies"]);
      expect(events).not.toContain("messageAdded: brief");
    },
  );

  conforms(
    ["Client#messageAdded", "Client#messageUpdated", "Client#messageRemoved", "Client#participantUpdated"],
    "a thousand changes that were missed come in order, each once",
    async () => {
      const room = await server.room("busy", "long-gone", "bob");
      const old = await inParallel(100, (n) => server.say(room.sid, "bob", `old ${n}`), 1);
      const line = await Cable.to(server);
      const person = await connect("long-gone", { socket: line.socket });
      await view(person);
      const before = person.events.length;
      await line.cut();
      await inParallel(100, async (n) => {
        const sid = old[n]?.sid;
        if (n % 2) await server.rest("DELETE", path(room.sid, `/Messages/${sid}`));
        else await server.rest("POST", path(room.sid, `/Messages/${sid}`), { Body: `edited ${n}` });
      });
      await inParallel(700, (n) => server.say(room.sid, "bob", `new ${n}`), 1);
      await inParallel(100, (n) => server.join(room.sid, `guest ${n}`), 1);
      await inParallel(99, (n) => server.rest("DELETE", path(room.sid, `/Participants/guest%20${n}`)));
      await server.rest("POST", path(room.sid, "/Participants/bob"), { Attributes: '{"seen":1}' });
      await line.mend();
      await until("the last message", () => person.has("messageAdded: new 699"));
      await agree(person);
      const events = person.events.slice(before);
      const of = (kind: string) => events.filter((event) => event.startsWith(kind));
      expect(of("messageAdded")).toEqual(numbered(700, "messageAdded: new"));
      expect(of("messageUpdated").sort()).toEqual(
        numbered(100)
          .flatMap((_, n) => (n % 2 ? [] : [`messageUpdated: edited ${n} body`]))
          .sort(),
      );
      expect(of("messageRemoved").sort()).toEqual(
        numbered(100)
          .flatMap((_, n) => (n % 2 ? [`messageRemoved: old ${n}`] : []))
          .sort(),
      );
      expect(of("participantJoined")).toEqual(["participantJoined: guest 99"]);
      expect(of("participantUpdated")).toEqual(["participantUpdated: bob attributes,dateUpdated"]);
    },
    { node: "a shorter replay runs in a browser, and the server does the same for both", timeout: 90_000 },
  );

  conforms(
    ["Client#messageAdded"],
    "again and again under load, live messages wait for the replay: all come, each once, in order",
    async () => {
      const room = await server.room("flapping", "reader", "writer");
      const line = await Cable.to(server);
      const [reader, writer] = [await connect("reader", { socket: line.socket }), await connect("writer")];
      await (await reader.room(room.sid)).getMessages();
      const count = 400;
      const conversation = await writer.room(room.sid);
      const writing = inParallel(count, (n) => conversation.sendMessage(`m ${n}`), 1);
      for (const seen of [20, 100, 200, 300]) {
        await until("some messages", () => heard(reader, room.sid).length >= seen);
        await line.cut();
        await line.mend();
      }
      await writing;
      await until("all messages", () => heard(reader, room.sid).length >= count);
      expect(heard(reader, room.sid)).toEqual(numbered(count));
      await agree(reader);
    },
  );

  conforms(
    ["Conversation#updated", "Participant#updated", "Conversation.updateLastReadMessageIndex"],
    "both sides of a membership come through: one's own horizon and the roster's",
    async () => {
      const room = await server.room("horizons", "owner", "other");
      await inParallel(5, (n) => server.say(room.sid, "other", `m ${n}`), 1);
      const lines = [await Cable.to(server), await Cable.to(server)] as const;
      const owner = await connect("owner", { socket: lines[0].socket });
      const other = await connect("other", { socket: lines[1].socket });
      const tablet = await connect("owner");
      const mine = await owner.ready(room.sid);
      const member = (await (await other.ready(room.sid)).getParticipants()).find((each) => each.identity === "owner");
      const told: string[] = [];
      mine.on("updated", ({ updateReasons }) => told.push(`mine ${updateReasons}`));
      member?.on("updated", ({ updateReasons }) => told.push(`theirs ${updateReasons}`));
      for (const line of lines) await line.cut();
      await (await tablet.room(room.sid)).updateLastReadMessageIndex(3);
      await server.rest("POST", path(room.sid, "/Participants/owner"), { Attributes: '{"hat":"red"}' });
      for (const line of lines) await line.mend();
      await until("both", () => mine.lastReadMessageIndex === 3 && member?.lastReadMessageIndex === 3);
      expect(member?.attributes).toEqual({ hat: "red" });
      expect(told).toContain("mine lastReadMessageIndex");
      expect(told.filter((each) => each.startsWith("theirs"))).toHaveLength(1);
      await agree(owner);
      await agree(other);
    },
  );
});

describe("after the server went", () => {
  conforms(
    ["Client#messageAdded", "Conversation.sendMessage"],
    "by kill, nothing acknowledged is lost, nothing is doubled, and the order is the same for all",
    async () => {
      const room = await server.room("durable", "ann", "ben");
      const [ann, ben] = [await connect("ann"), await connect("ben")];
      await Promise.all([ann, ben].map(async (person) => (await person.room(room.sid)).getMessages()));
      let going = true;
      const sending = Promise.all(
        [ann, ben].map(async (person) => {
          const theirs = await person.room(room.sid);
          let count = 0;
          while (going) await sendSurely(theirs, `${person.identity} ${count++}`);
          return numbered(count, person.identity);
        }),
      );
      const more = async () => {
        const before = heard(ben, room.sid).length;
        await until("some messages", () => heard(ben, room.sid).length >= before + 20, RECONNECT_MS);
      };
      for (const end of ["kill", "stop"] as const) {
        await more();
        await server[end]();
        await server.start();
      }
      await more();
      going = false;
      const sent = await sending;
      for (const person of [ann, ben]) {
        await until("all messages", () => heard(person, room.sid).length >= sent.flat().length, RECONNECT_MS);
      }
      const said = heard(ann, room.sid);
      expect(heard(ben, room.sid)).toEqual(said);
      expect(new Set(said).size).toBe(said.length);
      expect(["ann", "ben"].map((name) => said.filter((body) => body.startsWith(name)))).toEqual(sent);
      const other = await fresh("ann");
      expect((await other.history(room.sid)).map((message) => message.body)).toEqual(said);
    },
    { timeout: 3 * RECONNECT_MS },
  );
});

describe("after too long", () => {
  conforms(
    ["Client#connectionError", "Client#tokenExpired", "Client.updateToken"],
    "a client that was away for longer than removals are remembered is denied, and a new one sees what is",
    async () => {
      const room = await server.room("ages", "sleeper", "bob");
      const doomed = await server.say(room.sid, "bob", "doomed");
      const line = await Cable.to(server);
      const sleeper = await connect("sleeper", { socket: line.socket });
      await sleeper.ready(room.sid);
      await line.cut();
      await server.rest("DELETE", path(room.sid, `/Messages/${doomed.sid}`));
      await server.say(room.sid, "bob", "later");
      await server.advance(32 * 24 * 3600 * 1000);
      await server.stop();
      await server.start(); // starting forgets removals that are too old, as does every day
      await line.mend();
      await sleeper.sees("tokenExpired");
      await sleeper.client.updateToken(await server.token("sleeper"));
      await sleeper.sees("connectionError: 403 20101 true");
      expect(sleeper.client.connectionState).toBe("denied");
      const other = await fresh("sleeper");
      expect((await other.history(room.sid)).map((message) => message.body)).toEqual(["later"]);
      await other.sees("initialized");
    },
    { timeout: 90_000 },
  );
});

describe("a slow reader", () => {
  conforms(
    ["Client#messageAdded"],
    "is dropped when too much waits for it, comes again, and misses nothing",
    async () => {
      const room = await server.room("flood", "slow", "loud");
      const line = await Cable.to(server);
      const slow = await connect("slow", { socket: line.socket });
      await server.say(room.sid, "loud", "0");
      await until("the first", () => heard(slow, room.sid).length === 1); // it is subscribed now
      const before = slow.events.length;
      await line.stall();
      const long = "x".repeat(30_000); // 350 of them are more than the server's 4 MiB and the kernel's buffers hold
      await inParallel(350, (n) => server.say(room.sid, "loud", `${n + 1} ${long}`), 1);
      await line.flow();
      await until("the line to break", () => slow.events.slice(before).includes("connection: connecting"), 60_000);
      await until("all messages", () => heard(slow, room.sid).length >= 351, 60_000);
      expect(heard(slow, room.sid).map((body) => Number.parseInt(body, 10))).toEqual(
        Array.from({ length: 351 }, (_, n) => n),
      );
      const other = await fresh("slow");
      expect(await (await other.room(room.sid)).getMessagesCount()).toBe(351);
    },
    { node: "the SDK takes minutes for 20 MB in a page; the server does the same", timeout: 120_000 },
  );
});
