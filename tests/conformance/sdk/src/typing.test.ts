import type { Conversation } from "@twilio/conversations";
import { expect } from "vitest";
import type { Person } from "./person";
import { conforms, connect, fresh, server } from "./stage";
import { heard, refusal } from "./told";
import { until } from "./wait";

/** Milliseconds after which typing ends and may be told again, instead of five seconds; the SDK adds one second. */
const SOON = { typingIndicatorTimeoutOverride: 200 };

/** A conversation whose changes reach the person live by now: what is not kept, like typing, reaches only those. */
async function listening(person: Person, sid: string): Promise<Conversation> {
  const room = await person.ready(sid);
  const self = await room.getParticipantByIdentity(person.identity);
  const path = `/v1/Conversations/${sid}/Participants/${person.identity}`;
  for (const round of [1, 2]) {
    await server.rest("POST", path, { Attributes: `${round}` });
    await until("the change", () => self?.attributes === round);
  }
  return room;
}

conforms(
  [
    ...["Conversation.typing", "Conversation#typingStarted", "Participant#typingStarted", "Participant.isTyping"],
    ...["Conversation#typingEnded", "Participant#typingEnded"],
  ],
  "is told to the others, and ends by itself",
  async () => {
    const { sid } = await server.room("typing", "ann", "ben");
    const other = await server.room("other", "ann", "ben");
    const [ann, device, ben] = [await connect("ann", SOON), await connect("ann", SOON), await fresh("ben", SOON)];
    const [hers, there] = [await listening(ann, sid), await listening(device, sid)];
    const [his, elsewhere] = [await listening(ben, sid), await listening(ben, other.sid)];
    const her = await his.getParticipantByIdentity("ann");
    if (!her) throw new Error("ann is not there");
    const own = [hers, there, elsewhere].flatMap((room) => [heard(room, "typingStarted"), heard(room, "typingEnded")]);
    const [started, ended] = [heard(his, "typingStarted"), heard(his, "typingEnded")];
    const [hasStarted, hasEnded] = [heard(her, "typingStarted"), heard(her, "typingEnded")];
    expect(her.isTyping).toBe(false);
    await hers.typing();
    await until("typing", () => started.length === 1);
    expect([her.isTyping, ended, hasEnded]).toEqual([true, [], []]);
    await until("its end", () => ended.length === 1);
    expect(her.isTyping).toBe(false);
    expect([started, ended, hasStarted, hasEnded]).toEqual([["ann"], ["ann"], ["ann"], ["ann"]]);
    await hers.typing();
    await until("typing again", () => started.length === 2);
    expect(own.flat()).toEqual([]);
  },
);

conforms(
  ["Conversation.typing", "Conversation#typingEnded", "Participant#typingEnded", "Participant.isTyping"],
  "ends with the message",
  async () => {
    const { sid } = await server.room("sent", "cleo", "dan", "eve");
    const [cleo, dan, eve] = [await connect("cleo"), await fresh("dan"), await fresh("eve")];
    const hers = await cleo.ready(sid);
    const rooms = [await listening(dan, sid), await listening(eve, sid)];
    const told = rooms.map((room) => [heard(room, "typingStarted"), heard(room, "typingEnded")] as const);
    const people = await Promise.all(rooms.map((room) => room.getParticipantByIdentity("cleo")));
    await hers.typing();
    await hers.typing(); // at most one in five seconds is sent
    for (const [started] of told) await until("typing", () => started.length === 1);
    expect(people.map((person) => person?.isTyping)).toEqual([true, true]);
    await server.say(sid, "dan", "somebody else's");
    await dan.sees("messageAdded: somebody else's");
    expect(people[0]?.isTyping).toBe(true);
    await hers.sendMessage("done");
    for (const [, ended] of told) await until("the end", () => ended.length === 1);
    expect(people.map((person) => person?.isTyping)).toEqual([false, false]);
    for (const person of [dan, eve]) await person.sees("messageAdded: done");
    expect(told).toEqual([
      [["cleo"], ["cleo"]],
      [["cleo"], ["cleo"]],
    ]);
  },
);

conforms(["Conversation.typing"], "is refused to who is not in the conversation, and nobody is told", async () => {
  const { sid } = await server.room("outside", "finn", "gina");
  const [finn, gina] = [await connect("finn"), await fresh("gina")];
  const [his, hers] = [await finn.ready(sid), await listening(gina, sid)];
  const [started, left] = [heard(hers, "typingStarted"), heard(hers, "participantLeft")];
  await server.rest("DELETE", `/v1/Conversations/${sid}/Participants/finn`);
  await until("finn to leave", () => left.length === 1);
  expect(await refusal(his.typing())).toEqual([404, 50350]);
  const made = await finn.client.createConversation({});
  expect(await refusal(made.typing())).toEqual([403, 50430]);
  await server.say(sid, "gina", "after all that");
  await gina.sees("messageAdded: after all that");
  expect(started).toEqual([]);
});
