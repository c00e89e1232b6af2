import { expect } from "vitest";
import { conforms, connect, fresh, server } from "./stage";
import { heard, refusal } from "./told";
import { until } from "./wait";

/** A conversation with `count` messages by `author`. */
async function filled(count: number, author: string, ...others: string[]): Promise<string> {
  const { sid } = await server.room("read", author, ...others);
  for (let n = 0; n < count; n++) await server.say(sid, author, `m${n}`);
  return sid;
}

/** What a client that connects now finds: its person's horizon, how others see it, and the unread messages. */
async function look(identity: string, sid: string) {
  const there = await (await fresh(identity)).ready(sid);
  return {
    own: there.lastReadMessageIndex,
    shown: (await there.getParticipantByIdentity(identity))?.lastReadMessageIndex,
    unread: await there.getUnreadMessagesCount(),
  };
}

conforms(
  ["Conversation.getUnreadMessagesCount", "Conversation.lastReadMessageIndex"],
  "has no number of unread messages before there is a horizon, and counts only those that still exist",
  async () => {
    const sid = await filled(6, "ann", "ben");
    expect(await look("ben", sid)).toEqual({ own: null, shown: null, unread: null });
    const his = await (await connect("ben")).ready(sid);
    await his.updateLastReadMessageIndex(1);
    expect(await look("ben", sid)).toEqual({ own: 1, shown: 1, unread: 4 });
    const messages = (await his.getMessages()).items;
    for (const index of [0, 4]) {
      await server.rest("DELETE", `/v1/Conversations/${sid}/Messages/${messages[index]?.sid}`);
    }
    expect(await look("ben", sid)).toEqual({ own: 1, shown: 1, unread: 3 });
    await server.say(sid, "ann", "one more");
    expect(await his.getUnreadMessagesCount()).toBe(4);
    expect(await look("ann", sid)).toEqual({ own: null, shown: null, unread: null });
  },
);

conforms(
  [
    ...["Conversation.advanceLastReadMessageIndex", "Conversation.lastReadMessageIndex", "Conversation#updated"],
    ...["Conversation#participantUpdated", "Participant#updated"],
    ...["Participant.lastReadMessageIndex", "Participant.lastReadTimestamp"],
  ],
  "advances, and never goes back; the own devices and the others see it live",
  async () => {
    const sid = await filled(8, "cleo", "dan");
    const [cleo, device, dan] = [await connect("cleo"), await connect("cleo"), await connect("dan")];
    const [hers, there, his] = [await cleo.ready(sid), await device.ready(sid), await dan.ready(sid)];
    const her = await his.getParticipantByIdentity("cleo");
    if (!her) throw new Error("cleo is not there");
    const [onDevice, inRoom, told] = [heard(there, "updated"), heard(his, "participantUpdated"), heard(her, "updated")];
    const before = Date.now();
    expect(await hers.advanceLastReadMessageIndex(5)).toBe(2);
    await until("her own client", () => hers.lastReadMessageIndex === 5);
    expect(await hers.advanceLastReadMessageIndex(3)).toBe(2);
    expect(await hers.advanceLastReadMessageIndex(0)).toBe(2);
    await until("her other device", () => there.lastReadMessageIndex === 5);
    await until("the other member", () => her.lastReadMessageIndex === 5);
    expect(onDevice).toEqual(["lastReadMessageIndex"]);
    expect(told).toEqual(["dateUpdated lastReadMessageIndex lastReadTimestamp"]);
    expect(inRoom).toEqual(told);
    const seen = await (await (await fresh("dan")).ready(sid)).getParticipantByIdentity("cleo");
    for (const participant of [her, seen]) {
      expect(participant?.lastReadMessageIndex).toBe(5);
      expect(participant?.lastReadTimestamp?.getTime()).toBeGreaterThanOrEqual(before - 1000);
      expect(participant?.lastReadTimestamp?.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    }
    expect(await look("cleo", sid)).toEqual({ own: 5, shown: 5, unread: 2 });
    expect(await hers.advanceLastReadMessageIndex(7)).toBe(0);
    expect(await look("cleo", sid)).toEqual({ own: 7, shown: 7, unread: 0 });
    expect([his.lastReadMessageIndex, await look("dan", sid)]).toEqual([
      null,
      { own: null, shown: null, unread: null },
    ]);
  },
);

conforms(
  ["Conversation.updateLastReadMessageIndex", "Conversation.lastReadMessageIndex", "Conversation#updated"],
  "is set to any index of the conversation, also back, and to none",
  async () => {
    const sid = await filled(4, "eve", "finn");
    const [eve, device] = [await connect("eve"), await connect("eve")];
    const [hers, there] = [await eve.ready(sid), await device.ready(sid)];
    const told = heard(there, "updated");
    for (const [n, [index, unread]] of (
      [
        [3, 0],
        [0, 3],
        [2, 1],
        [null, 4],
      ] as const
    ).entries()) {
      expect(await hers.updateLastReadMessageIndex(index)).toBe(unread);
      await until(`${index} on the other device`, () => told.length === n + 1);
      expect(there.lastReadMessageIndex).toBe(index);
      expect(await look("eve", sid)).toEqual({ own: index, shown: index, unread: index === null ? null : unread });
    }
    expect(new Set(told)).toEqual(new Set(["lastReadMessageIndex"]));
  },
);

conforms(
  ["Conversation.setAllMessagesRead", "Conversation.setAllMessagesUnread"],
  "is set to all messages, or to none of them",
  async () => {
    const sid = await filled(5, "gina");
    const hers = await (await connect("gina")).ready(sid);
    const [added, removed] = [heard(hers, "messageAdded"), heard(hers, "messageRemoved")];
    await (await hers.getMessages()).items.at(-1)?.remove();
    await until("the removal", () => removed.length === 1);
    expect(await hers.setAllMessagesRead()).toBe(0);
    expect(await look("gina", sid)).toEqual({ own: 3, shown: 3, unread: 0 });
    await hers.sendMessage("and another");
    await until("the message", () => added.length === 1);
    expect(await hers.setAllMessagesRead()).toBe(0);
    expect(await look("gina", sid)).toEqual({ own: 5, shown: 5, unread: 0 });
    expect(await hers.setAllMessagesUnread()).toBe(5);
    expect(await look("gina", sid)).toEqual({ own: null, shown: null, unread: null });
    const empty = await (await fresh("gina")).ready((await server.room("empty", "gina")).sid);
    expect([await empty.setAllMessagesRead(), await empty.setAllMessagesUnread()]).toEqual([0, 0]);
  },
);

conforms(
  ["Conversation.updateLastReadMessageIndex", "Conversation.advanceLastReadMessageIndex"],
  "is refused beyond the last message, and to who is not in the conversation",
  async () => {
    const sid = await filled(3, "hugo", "ida");
    const his = await (await connect("hugo")).ready(sid);
    await his.updateLastReadMessageIndex(1);
    for (const index of [3, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      expect(await refusal(his.updateLastReadMessageIndex(index))).toEqual([400, 50421]);
      expect(await refusal(his.advanceLastReadMessageIndex(index))).toEqual([400, 50421]);
    }
    expect(await look("hugo", sid)).toEqual({ own: 1, shown: 1, unread: 1 });
    const made = await (await connect("ida")).client.createConversation({ friendlyName: "not joined" });
    expect(await refusal(made.updateLastReadMessageIndex(0))).toEqual([403, 50430]);
    expect(await refusal(made.setUserNotificationLevel("muted"))).toEqual([403, 50430]);
    expect(await refusal(made.getUnreadMessagesCount())).toEqual([404, 50350]);
  },
);
