/** What a client that lost its connection is told when it is back, and what becomes of its commands. */
import { expect } from "vitest";
import { Cable } from "../cable";
import { conforms, server } from "../stage";
import { until } from "../wait";
import { connect, fresh, told } from "./person";

/** Tests need not wait as long as people between two attempts to connect. */
const SOON = { retryPolicy: { min: 50, max: 200, randomness: 0.2 } } as object;

conforms(
  [
    ...["Client#messageAdded", "Client#messageUpdated", "Client#messageRemoved", "Client#connectionStateChanged"],
    ...["Client#participantJoined", "Client#participantLeft", "Client#conversationUpdated"],
    ...["Client#conversationAdded", "Client#conversationRemoved"],
  ],
  "it hears all that it missed, once and in order",
  async () => {
    const [{ sid }, lost] = [await server.room("missed", "ann", "ben"), await server.room("lost", "ann", "ben")];
    const said = [await server.say(sid, "ben", "old"), await server.say(sid, "ben", "older")];
    const cable = await Cable.to(server);
    const ann = await connect("ann", { socket: cable.socket, ...SOON });
    await ann.ready(lost.sid);
    await ann.ready(sid);
    await cable.cut();
    await until("the connection to be lost", () => ann.client.connectionState !== "connected");
    const before = ann.events.length;
    for (let n = 0; n < 60; n++) await server.say(sid, "ben", `m${n}`);
    await server.rest("POST", `/v1/Conversations/${sid}/Messages/${said[0]?.sid}`, { Body: "edited" });
    await server.rest("DELETE", `/v1/Conversations/${sid}/Messages/${said[1]?.sid}`);
    await server.join(sid, "cleo");
    await server.rest("DELETE", `/v1/Conversations/${sid}/Participants/ben`);
    await server.rest("POST", `/v1/Conversations/${sid}`, { FriendlyName: "renamed" });
    await server.rest("DELETE", `/v1/Conversations/${lost.sid}`);
    const found = await server.room("found", "ann");
    await cable.mend();
    await ann.sees("messageRemoved: older");
    for (const event of ["participantJoined: cleo", "participantLeft: ben", "removed: lost", "joined: found"]) {
      await ann.sees(event);
    }
    await ann.ready(found.sid);
    await until("the name", () => ann.events.some((event) => event.startsWith("conversationUpdated: renamed")));
    const missed = ann.events.slice(before);
    expect(missed.filter((event) => event.startsWith("messageAdded: "))).toEqual(
      Array.from({ length: 60 }, (_, n) => `messageAdded: m${n}`),
    );
    expect(missed.filter((event) => event.startsWith("messageUpdated: edited"))).toHaveLength(1);
    expect((await told("ann", sid)).map((message) => message.body)).toEqual([
      "edited",
      ...Array.from({ length: 60 }, (_, n) => `m${n}`),
    ]);
  },
);

conforms(
  ["Conversation.sendMessage", "Client#connectionStateChanged", "Client#messageAdded"],
  "its commands find a new session, all of them the same, and each is carried out once",
  async () => {
    const { sid } = await server.room("sessions", "dan", "eve");
    const cable = await Cable.to(server);
    const dan = await connect("dan", { socket: cable.socket, ...SOON });
    const room = await dan.ready(sid);
    for (const round of [0, 1, 2]) {
      const texts = Array.from({ length: 20 }, (_, n) => `${round} ${n}`);
      const indexes = await Promise.all(texts.map((text) => room.sendMessage(text)));
      expect(new Set(indexes).size).toBe(20);
      await until("all to come back", () => texts.every((text) => dan.has(`messageAdded: ${text}`)));
      await cable.cut();
      await until("the end of the connection", () => dan.client.connectionState !== "connected");
      await cable.mend();
      await until("the connection", () => dan.client.connectionState === "connected");
    }
    const bodies = (await told("eve", sid)).map((message) => message.body);
    expect([bodies.length, new Set(bodies).size]).toEqual([60, 60]);
  },
);

conforms(
  ["Conversation.sendMessage"],
  "a command whose answer is lost is refused, and never waits for ever",
  async () => {
    const { sid } = await server.room("cut", "fay", "gina");
    const cable = await Cable.to(server);
    const fay = await connect("fay", { socket: cable.socket, ...SOON });
    const room = await fay.ready(sid);
    // Once she hears of everything live, she asks for nothing by herself: the next request is her command.
    await server.rest("POST", `/v1/Conversations/${sid}`, { FriendlyName: "cut off" });
    await server.rest("POST", `/v1/Conversations/${sid}/Participants/gina`, { Attributes: "1" });
    await until("both", () => ["conversation", "participant"].every((what) => fay.heard(`${what}Updated`)));
    expect(await room.sendMessage("the first")).toBe(0);
    await fay.sees("messageAdded: the first");
    await cable.cutAfter("the last");
    await server.say(sid, "gina", "the last");
    await fay.sees("messageAdded: the last");
    await expect(room.sendMessage("unanswered")).rejects.toThrow("Can't add command");
    await cable.mend();
    await fay.sees("messageAdded: unanswered");
    expect(await room.sendMessage("answered")).toBe(3);
    const bodies = (await (await fresh("gina")).history(sid)).map((message) => message.body);
    expect(bodies).toEqual(["the first", "the last", "unanswered", "answered"]);
  },
);

conforms(["Client#messageAdded", "Conversation.sendMessage"], "the server's restart is survived", async () => {
  const { sid } = await server.room("restart", "hal", "ida");
  const hal = await connect("hal", SOON);
  const room = await hal.ready(sid);
  await room.sendMessage("before");
  await server.kill();
  await until("the end of the connection", () => hal.client.connectionState !== "connected");
  await server.start();
  await server.say(sid, "ida", "meanwhile");
  await hal.sees("messageAdded: meanwhile");
  expect(await room.sendMessage("after")).toBe(2);
  expect((await told("ida", sid)).map((message) => message.body)).toEqual(["before", "meanwhile", "after"]);
});
