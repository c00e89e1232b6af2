import { expect } from "vitest";
import { conforms, server } from "../stage";
import { until } from "../wait";
import { connect, fresh } from "./person";

/** A conversation with five messages by `author`. */
async function filled(author: string, ...others: string[]): Promise<string> {
  const { sid } = await server.room("read", author, ...others);
  for (let n = 0; n < 5; n++) await server.say(sid, author, `m${n}`);
  return sid;
}

/** What a client that connects now finds: its person's horizon, how others see it, and the unread messages. */
async function look(identity: string, sid: string) {
  const room = await (await fresh(identity)).ready(sid);
  const shown = (await room.getParticipantByIdentity(identity)).lastReadMessageIndex;
  return [room.lastReadMessageIndex, shown, await room.getUnreadMessagesCount()];
}

conforms(
  [
    ...["advanceLastReadMessageIndex", "updateLastReadMessageIndex", "lastReadMessageIndex"].map(
      (name) => `Conversation.${name}`,
    ),
    ...["Conversation.getUnreadMessagesCount", "Participant.lastReadMessageIndex", "Participant.lastReadTimestamp"],
    "Client#participantUpdated",
  ],
  "advances, and goes back only if it is told to; the others see it",
  async () => {
    const sid = await filled("ann", "ben");
    expect(await look("ben", sid)).toEqual([null, null, null]);
    const [ann, ben] = [await connect("ann"), await connect("ben")];
    const [hers, his] = [await ann.ready(sid), await ben.ready(sid)];
    const him = await hers.getParticipantByIdentity("ben");
    expect(await his.advanceLastReadMessageIndex(3)).toBe(1);
    await until("ann to see it", () => him.lastReadMessageIndex === 3);
    expect(him.lastReadTimestamp).toBeInstanceOf(Date);
    await until("ann's client", () => ann.events.some((event) => /^participantUpdated: ben.*lastRead/.test(event)));
    await until("his own", () => his.lastReadMessageIndex === 3);
    expect(await his.advanceLastReadMessageIndex(1)).toBe(1);
    expect(await look("ben", sid)).toEqual([3, 3, 1]);
    expect(await his.updateLastReadMessageIndex(1)).toBe(3);
    expect(await look("ben", sid)).toEqual([1, 1, 3]);
  },
);

conforms(
  ["setAllMessagesRead", "setAllMessagesUnread", "getUnreadMessagesCount"].map((name) => `Conversation.${name}`),
  "is set to the end and taken away, of several conversations at once",
  async () => {
    const sids = [await filled("cleo", "dan"), await filled("cleo", "dan"), await filled("cleo", "dan")];
    const dan = await connect("dan");
    const rooms = await Promise.all(sids.map((sid) => dan.ready(sid)));
    expect(await Promise.all(rooms.map((room) => room.setAllMessagesRead()))).toEqual([0, 0, 0]);
    for (const sid of sids) expect(await look("dan", sid)).toEqual([4, 4, 0]);
    expect(await Promise.all(rooms.map((room) => room.setAllMessagesUnread()))).toEqual([5, 5, 5]);
    expect(await look("dan", sids[1] as string)).toEqual([null, null, null]);
    const { sid } = await server.room("empty", "dan");
    await dan.sees("joined: empty");
    expect(await (await dan.ready(sid)).setAllMessagesRead()).toBe(0);
  },
);

conforms(
  ["Conversation.updateLastReadMessageIndex", "Conversation.getUnreadMessagesCount"],
  "is refused where one is not, while others of the same report are set",
  async () => {
    const [open, shut] = [await filled("eve", "fay"), await filled("eve", "fay")];
    const fay = await connect("fay");
    const [here, there] = [await fay.ready(open), await fay.ready(shut)];
    await here.updateLastReadMessageIndex(0); // sent at once: the next two wait for each other
    const waiting = [here.updateLastReadMessageIndex(2), there.updateLastReadMessageIndex(2)];
    const settled = Promise.allSettled(waiting);
    await server.rest("DELETE", `/v1/Conversations/${shut}/Participants/fay`);
    expect((await settled).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await waiting[0]).toBe(2);
    expect(await look("fay", open)).toEqual([2, 2, 2]);
    await expect(there.getUnreadMessagesCount()).rejects.toThrow();
  },
);
