import { expect } from "vitest";
import { Cable } from "./cable";
import type { Person } from "./person";
import { conforms, connect, fresh, server } from "./stage";
import { heard, refusal } from "./told";
import { until } from "./wait";

const MINUTE = 60_000;
const TIMERS = { "Timers.Inactive": "PT10M", "Timers.Closed": "PT30M" };

/** A conversation with timers and these people in it. */
async function timed(name: string, ...members: string[]): Promise<string> {
  const { sid } = await server.rest<{ sid: string }>("POST", "/v1/Conversations", { FriendlyName: name, ...TIMERS });
  for (const identity of members) await server.join(sid, identity);
  return sid;
}

async function sees(person: Person, sid: string, state: string): Promise<void> {
  const room = await person.room(sid);
  await until(`${person.identity} to see it ${state}`, () => room.state?.current === state);
}

/** What a client that connects now is told of the conversation's state. */
async function found(identity: string, sid: string): Promise<{ current?: string; changed?: number }> {
  const { state } = await (await fresh(identity)).room(sid);
  return { current: state?.current, changed: state?.dateUpdated.getTime() };
}

conforms(
  ["Conversation.state", "Conversation#updated", "Client#conversationUpdated", "Conversation.sendMessage"],
  "becomes inactive by the clock, and active again by a message",
  async () => {
    const sid = await timed("quiet", "ann", "ben");
    const [ann, ben] = [await connect("ann"), await connect("ben")];
    const room = await ann.ready(sid);
    const updates = heard(room, "updated");
    const made = room.state?.dateUpdated.getTime() ?? 0;
    expect(room.state?.current).toBe("active");

    await server.advance(10 * MINUTE);
    await Promise.all([sees(ann, sid, "inactive"), sees(ben, sid, "inactive")]);
    expect(updates).toEqual(["dateUpdated state"]);
    await ben.sees("updated: quiet dateUpdated,state");
    const changed = room.state?.dateUpdated.getTime() ?? 0;
    expect(changed - made).toBeGreaterThanOrEqual(10 * MINUTE);
    expect(await found("ben", sid)).toEqual({ current: "inactive", changed });

    await (await ben.room(sid)).sendMessage("anybody there?");
    await sees(ann, sid, "active");
    await ann.sees("messageAdded: anybody there?");
    expect(updates.length).toBe(2);
    expect(updates[1]).toMatch(/\bstate\b/);
    expect(room.state?.dateUpdated.getTime()).toBeGreaterThan(changed);
    expect((await found("ann", sid)).current).toBe("active");
  },
);

conforms(
  ["Conversation.state", "Conversation#updated", "Conversation.add"],
  "is woken by a new participant, too, and counts on from there",
  async () => {
    const ann = await connect("ann");
    const room = await ann.client.createConversation({ friendlyName: "guests" });
    await room.join();
    await server.rest("POST", `/v1/Conversations/${room.sid}`, { "Timers.Inactive": "PT10M" });
    await ann.ready(room.sid);
    await server.advance(10 * MINUTE);
    await sees(ann, room.sid, "inactive");
    await room.add("guest");
    await sees(ann, room.sid, "active");
    expect((await found("guest", room.sid)).current).toBe("active");
    await server.advance(10 * MINUTE);
    await sees(ann, room.sid, "inactive");
  },
);

conforms(
  [
    ...["Conversation.state", "Conversation#updated", "Conversation.sendMessage", "Conversation.updateFriendlyName"],
    ...["Conversation.add"],
    ...["Message.updateBody", "Message.remove", "Conversation.advanceLastReadMessageIndex", "Conversation.leave"],
    ...["Conversation.setUserNotificationLevel", "Conversation.getMessages", "Client.getSubscribedConversations"],
  ],
  "is closed by the clock for good: read, kept in the list and left, but not written to",
  async () => {
    const sid = await timed("over", "cat", "dan");
    const cat = await connect("cat");
    const room = await cat.ready(sid);
    const index = await room.sendMessage("last words");
    await cat.sees("messageAdded: last words");
    await server.advance(30 * MINUTE);
    await sees(cat, sid, "closed");

    const [message] = (await room.getMessages()).items;
    if (!message) throw new Error("the message is gone");
    expect(await refusal(room.sendMessage("too late"))).toEqual([400, 50377]);
    expect(await refusal(room.updateFriendlyName("too late"))).toEqual([400, 50377]);
    expect(await refusal(room.add("eve"))).toEqual([400, 50377]);
    expect(await refusal(message.updateBody("too late"))).toEqual([400, 50377]);
    expect(await refusal(message.remove())).toEqual([400, 50377]);
    await expect(server.say(sid, "cat", "too late")).rejects.toThrow("50377");

    await room.advanceLastReadMessageIndex(index);
    await room.setUserNotificationLevel("muted");
    const again = await fresh("cat");
    const [kept, ...others] = (await again.client.getSubscribedConversations()).items;
    expect(others).toEqual([]);
    expect(kept).toMatchObject({ sid, state: { current: "closed" }, lastReadMessageIndex: index });
    expect(kept?.notificationLevel).toBe("muted");
    expect((await again.history(sid)).map((said) => said.body)).toEqual(["last words"]);

    await room.leave();
    await again.sees("left: over");
    expect((await (await fresh("cat")).client.getSubscribedConversations()).items).toEqual([]);
    await server.advance(60 * MINUTE);
    expect((await found("dan", sid)).current).toBe("closed");
  },
);

conforms(
  ["Conversation.state", "Conversation#updated"],
  "tells a client that was away what the clock did meanwhile",
  async () => {
    const sid = await timed("missed", "fay", "gus");
    const cable = await Cable.to(server);
    const [fay, gus] = [await connect("fay", { socket: cable.socket }), await connect("gus")];
    const room = await fay.ready(sid);
    const updates = heard(room, "updated");
    await cable.cut();
    await server.advance(10 * MINUTE);
    await sees(gus, sid, "inactive");
    await server.advance(20 * MINUTE);
    await sees(gus, sid, "closed");
    expect(room.state?.current).toBe("active");
    await cable.mend();
    await until("fay to see it closed", () => room.state?.current === "closed");
    expect(updates).toEqual(["dateUpdated state"]);
    expect((await found("fay", sid)).current).toBe("closed");
  },
);

conforms(
  ["Conversation.state", "Conversation#updated", "Client#conversationUpdated"],
  "follows the states that the service sets by request",
  async () => {
    const { sid } = await server.room("by hand", "ann");
    const ann = await connect("ann");
    const room = await ann.ready(sid);
    const updates = heard(room, "updated");
    for (const state of ["inactive", "active", "closed"]) {
      await server.rest("POST", `/v1/Conversations/${sid}`, { State: state });
      await sees(ann, sid, state);
      expect((await found("ann", sid)).current).toBe(state);
    }
    expect(updates).toEqual(["dateUpdated state", "dateUpdated state", "dateUpdated state"]);
  },
);
