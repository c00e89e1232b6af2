import { describe, expect, it } from "vitest";
import { Cable } from "./cable";
import { type Person, view } from "./person";
import { connect, server } from "./stage";
import { until } from "./wait";

/** Send until it is acknowledged, as a careful application does: with the same `cid` each time. */
async function sendSurely(person: Person, sid: string, body: string): Promise<void> {
  const room = await person.room(sid);
  await until(`"${body}" to be acknowledged`, async () => {
    try {
      await room.sendMessage(body, { cid: body });
      return true;
    } catch {
      return false;
    }
  });
}

describe("after a broken line", () => {
  it("finds a room again whose opening was cut off, when it is asked for its rooms", async () => {
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
  });

  it("shows what a client shows that starts anew, whatever happened meanwhile", async () => {
    const away = "away";
    const [stays, goes, returns, dies, changed] = [
      await server.room("stays", away, "bob", "cat"),
      await server.room("goes", away, "bob"),
      await server.room("returns", away, "bob"),
      await server.room("dies", away, "bob"),
      await server.room("changed", away, "bob"),
    ];
    const messages: string[] = [];
    for (let n = 0; n < 10; n++) messages.push((await server.say(stays.sid, "bob", `old ${n}`)).sid);
    const line = await Cable.to(server);
    const person = await connect(away, { socket: line.socket });
    await until("five rooms", () => person.events.filter((event) => event.startsWith("joined")).length === 5);
    await view(person);
    const before = person.events.length;
    await line.cut();

    const path = (sid: string) => `/v1/Conversations/${sid}`;
    for (let n = 0; n < 130; n++) await server.say(stays.sid, "bob", `new ${n}`);
    await server.rest("POST", `${path(stays.sid)}/Messages/${messages[3]}`, { Body: "edited" });
    await server.rest("DELETE", `${path(stays.sid)}/Messages/${messages[5]}`);
    const brief = await server.say(stays.sid, "bob", "brief");
    await server.rest("DELETE", `${path(stays.sid)}/Messages/${brief.sid}`);
    await server.rest("DELETE", `${path(stays.sid)}/Participants/cat`);
    await server.join(stays.sid, "dog");
    await server.rest("DELETE", `${path(goes.sid)}/Participants/${away}`);
    await server.rest("DELETE", `${path(returns.sid)}/Participants/${away}`);
    await server.say(returns.sid, "bob", "said while away was out");
    await server.join(returns.sid, away);
    await server.rest("DELETE", path(dies.sid));
    await server.rest("POST", path(changed.sid), { FriendlyName: "changed name", Attributes: '{"new":true}' });
    const born = await server.room("born", away, "bob");
    await server.say(born.sid, "bob", "welcome");
    await line.mend();

    await person.sees("joined: born");
    await person.sees("left: dies");
    await person.sees("left: goes");
    await person.sees("messageAdded: new 129");
    await until("the changed name", async () => (await person.room(changed.sid)).friendlyName === "changed name");
    await until("to be back in the room", async () => {
      const room = (await person.client.getSubscribedConversations()).items.find((each) => each.sid === returns.sid);
      return room?.status === "joined";
    });
    const fresh = await connect(away);
    await until("the same view", async () => {
      return JSON.stringify(await view(person)) === JSON.stringify(await view(fresh));
    });
    const added = person.events.slice(before).filter((event) => event.startsWith("messageAdded: new"));
    expect(added).toEqual(Array.from({ length: 130 }, (_, n) => `messageAdded: new ${n}`));
    expect(person.has("messageUpdated: edited body")).toBe(true);
    expect(person.has("messageRemoved: old 5")).toBe(true);
    expect(person.has("participantLeft: cat")).toBe(true);
    expect(person.has("participantJoined: dog")).toBe(true);
  });

  it("loses nothing when it breaks again and again under load", async () => {
    const room = await server.room("flapping", "reader", "writer");
    const line = await Cable.to(server);
    const [reader, writer] = [await connect("reader", { socket: line.socket }), await connect("writer")];
    await (await reader.room(room.sid)).getMessages();
    const count = 200;
    const writing = (async () => {
      for (let n = 0; n < count; n++) await (await writer.room(room.sid)).sendMessage(`m${n}`);
    })();
    for (const seen of [20, 60, 110]) {
      await until("some messages", () => (reader.bodies.get(room.sid)?.length ?? 0) >= seen);
      await line.cut();
      await line.mend();
    }
    await writing;
    await until("all messages", () => (reader.bodies.get(room.sid)?.length ?? 0) >= count);
    expect(reader.bodies.get(room.sid)).toEqual(Array.from({ length: count }, (_, n) => `m${n}`));
  });
});

describe("after the server was killed", () => {
  it("nothing acknowledged is lost, nothing is doubled, and the order is the same for all", async () => {
    const room = await server.room("durable", "ann", "ben");
    const [ann, ben] = [await connect("ann"), await connect("ben")];
    await Promise.all([ann, ben].map(async (person) => (await person.room(room.sid)).getMessages()));
    const count = 60;
    const sending = Promise.all(
      [ann, ben].map(async (person) => {
        for (let n = 0; n < count; n++) await sendSurely(person, room.sid, `${person.identity} ${n}`);
      }),
    );
    for (const seen of [20, 70]) {
      await until("some messages", () => (ben.bodies.get(room.sid)?.length ?? 0) >= seen);
      await server.kill();
      await server.start();
    }
    await sending;
    for (const person of [ann, ben]) {
      await until("all messages", () => (person.bodies.get(room.sid)?.length ?? 0) >= 2 * count);
    }
    const said = ann.bodies.get(room.sid) ?? [];
    expect(ben.bodies.get(room.sid)).toEqual(said);
    expect(new Set(said).size).toBe(2 * count);
    for (const name of ["ann", "ben"]) {
      expect(said.filter((body) => body.startsWith(name))).toEqual(
        Array.from({ length: count }, (_, n) => `${name} ${n}`),
      );
    }
    const fresh = await connect("ann");
    expect((await fresh.history(room.sid)).map((message) => message.body)).toEqual(said);
  }, 60_000);
});
