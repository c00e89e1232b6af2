import { expect } from "vitest";
import { conforms, server } from "../stage";
import { until } from "../wait";
import { connect, fresh, hosted, refusal } from "./person";

const PROPERTIES = ["sid", "uniqueName", "status", "friendlyName", "dateUpdated", "dateCreated", "createdBy"];

conforms(
  [
    ...[...PROPERTIES, "attributes", "state", "lastMessage", "notificationLevel"].map((name) => `Conversation.${name}`),
    ...["Conversation.getAttributes", "Conversation.join", "Client#conversationJoined"],
  ],
  "shows what it is, to its maker and to others",
  async () => {
    const ann = await connect("ann");
    const before = Date.now() - 1000;
    const options = { friendlyName: "club", uniqueName: "club", attributes: { a: 1 } };
    const room = await ann.client.createConversation(options);
    expect(room.status).toBe("notParticipating");
    expect(await room.join()).toBe(room);
    await ann.sees("joined: club");
    await room.add("ben");
    await room.sendMessage("first");
    const there = await (await fresh("ben")).ready(room.sid);
    expect(there).toMatchObject({ ...options, sid: room.sid, createdBy: "ann", status: "joined" });
    expect(await there.getAttributes()).toEqual({ a: 1 });
    expect([there.state?.current, there.notificationLevel, there.lastMessage.index]).toEqual(["active", "default", 0]);
    for (const date of [
      there.dateCreated,
      there.dateUpdated,
      there.lastMessage.dateCreated,
      there.state?.dateUpdated,
    ]) {
      expect(date).toBeInstanceOf(Date);
      expect(Math.abs((date as Date).getTime() - before)).toBeLessThan(60_000);
    }
    expect(await refusal(room.join())).toBe(50433);
  },
);

conforms(
  [
    ...["updateAttributes", "updateFriendlyName", "updateUniqueName"].map((name) => `Conversation.${name}`),
    ...["attributes", "friendlyName", "uniqueName", "dateUpdated"].map((name) => `Conversation.${name}`),
    ...["Conversation#updated", "Client#conversationUpdated", "SessionError.code"],
  ],
  "changes its names and attributes, and everybody is told",
  async () => {
    const [cleo, dan] = [await connect("cleo"), await connect("dan")];
    const room = await hosted(cleo, "old", "dan");
    const his = await dan.ready(room.sid);
    const told: string[] = [];
    his.on("updated", ({ updateReasons }) => told.push(...updateReasons));
    expect(await room.updateFriendlyName("new")).toBe(room);
    expect(await room.updateUniqueName("named")).toBe(room);
    expect(await room.updateAttributes([1, { x: null }])).toBe(room);
    await until("the changes", () => ["friendlyName", "uniqueName", "attributes"].every((name) => told.includes(name)));
    await until("the client", () => dan.events.some((event) => /^conversationUpdated: new.*uniqueName/.test(event)));
    const changed = { friendlyName: "new", uniqueName: "named", attributes: [1, { x: null }] };
    expect(his).toMatchObject(changed);
    expect(await (await fresh("dan")).client.getConversationBySid(room.sid)).toMatchObject(changed);
    expect(await refusal(his.updateFriendlyName("not his"))).toBe(50107);
    await until("her own", () => room.uniqueName === "named");
    await room.updateUniqueName(null as unknown as string);
    await until("no name", () => his.uniqueName === null);
    await room.updateFriendlyName(null as unknown as string);
    await until("no friendly name", () => his.friendlyName === null);
  },
);

conforms(
  [
    ...["Conversation.delete", "Conversation#removed", "Client#conversationRemoved", "Client#conversationLeft"],
    ...["Conversation.leave", "Conversation.status"],
  ],
  "is left, and deleted, and gone for everybody",
  async () => {
    const [eve, fay] = [await connect("eve"), await connect("fay")];
    const room = await hosted(eve, "short", "fay");
    const hers = await fay.ready(room.sid);
    expect(await hers.leave()).toBe(hers);
    await fay.sees("left: short");
    await fay.sees("removed: short");
    expect(hers.status).toBe("notParticipating");
    expect(await hers.leave()).toBe(hers);
    const other = await hosted(eve, "doomed", "fay");
    const doomed = await fay.ready(other.sid);
    const told: string[] = [];
    doomed.on("removed", (gone) => told.push(gone.sid));
    expect(await refusal(doomed.delete())).toBe(50107);
    expect(await other.delete()).toBe(other);
    await fay.sees("removed: doomed");
    await eve.sees("removed: doomed");
    expect(told).toContain(other.sid);
    expect((await (await fresh("fay")).client.getSubscribedConversations()).items).toEqual([]);
    expect(await refusal(other.sendMessage("late"))).toBe(50350);
  },
);

conforms(
  ["Conversation.setUserNotificationLevel", "Conversation.notificationLevel", "Client#conversationUpdated"],
  "is muted for one person",
  async () => {
    const { sid } = await server.room("loud", "gina", "hal");
    const [gina, device] = [await connect("gina"), await connect("gina")];
    const [hers, there] = [await gina.ready(sid), await device.ready(sid)];
    await hers.setUserNotificationLevel("muted");
    await until("her other device", () => there.notificationLevel === "muted");
    await device.sees("conversationUpdated: loud notificationLevel");
    expect((await (await fresh("gina")).client.getConversationBySid(sid)).notificationLevel).toBe("muted");
    expect((await (await fresh("hal")).client.getConversationBySid(sid)).notificationLevel).toBe("default");
    await hers.setUserNotificationLevel("default");
    await until("loud again", () => there.notificationLevel === "default");
  },
);

conforms(
  ["Conversation.getMessagesCount", "Conversation.getParticipantsCount"],
  "counts its messages and participants",
  async () => {
    const { sid } = await server.room("counted", "ida", "jim");
    for (const body of ["a", "b", "c"]) await server.say(sid, "jim", body);
    const room = await (await fresh("ida")).ready(sid);
    expect([await room.getMessagesCount(), await room.getParticipantsCount()]).toEqual([3, 2]);
    await server.say(sid, "jim", "d");
    await server.join(sid, "kim");
    expect([await room.getMessagesCount(), await room.getParticipantsCount()]).toEqual([4, 3]);
  },
);
