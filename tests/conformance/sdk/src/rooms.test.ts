import type { JSONValue } from "@twilio/conversations";
import { describe, expect, it } from "vitest";
import { view } from "./person";
import { connect, server } from "./stage";
import { until } from "./wait";

describe("connecting", () => {
  it("makes the user of an identity that nobody knew, with the service's default role", async () => {
    const newcomer = await connect("newcomer");
    expect((await newcomer.client.getSubscribedConversations()).items).toEqual([]);
    expect(newcomer.client.user.identity).toBe("newcomer");
    const user = await server.rest<{ role_sid: string }>("GET", "/v1/Users/newcomer");
    const configuration = await server.rest<{ default_chat_service_role_sid: string }>(
      "GET",
      `/v1/Services/${server.keys.service_sid}/Configuration`,
    );
    expect(user.role_sid).toBe(configuration.default_chat_service_role_sid);
  });

  it("lists more conversations than one page holds", async () => {
    const names = Array.from({ length: 205 }, (_, n) => `room ${n}`);
    await Promise.all(names.map((name) => server.room(name, "collector")));
    const collector = await connect("collector");
    await until("all rooms", () => collector.events.filter((event) => event.startsWith("joined")).length === 205);
    let page = await collector.client.getSubscribedConversations();
    const seen = page.items.map((room) => room.friendlyName);
    while (page.hasNextPage) {
      page = await page.nextPage();
      seen.push(...page.items.map((room) => room.friendlyName));
    }
    expect(seen.sort()).toEqual(names.sort());
  });

  it("takes identities that a path must encode", async () => {
    const odd = "zoë/?#&% @1+1";
    const room = await server.room("odd", odd, "plain");
    const [zoe, plain] = [await connect(odd), await connect("plain")];
    await zoe.client.user.updateFriendlyName("Zoë");
    const user = await plain.client.getUser(odd);
    expect([user.identity, user.friendlyName]).toEqual([odd, "Zoë"]);
    await plain.ready(room.sid);
    await (await zoe.ready(room.sid)).leave();
    await plain.sees(`participantLeft: ${odd}`);
  });
});

describe("conversations", () => {
  it("appear live when one is added, with what the creator gave them", async () => {
    const [ann, ben] = [await connect("ann"), await connect("ben")];
    const room = await ann.client.createConversation({
      friendlyName: "plans",
      uniqueName: "plans-2026",
      attributes: { colour: "red", list: [1, { deep: null }] },
    });
    expect(ann.has("joined: plans")).toBe(false);
    await room.join();
    await ann.sees("joined: plans");
    await room.add("ben", { seat: 4 });
    await ben.sees("added: plans");
    await ben.sees("joined: plans");
    const seen = await ben.client.getConversationByUniqueName("plans-2026");
    expect(seen.attributes).toEqual({ colour: "red", list: [1, { deep: null }] });
    expect(seen.createdBy).toBe("ann");
    expect((await seen.getParticipants()).map((member) => [member.identity, member.attributes]).sort()).toEqual([
      ["ann", {}],
      ["ben", { seat: 4 }],
    ]);
    expect(await seen.getParticipantsCount()).toBe(2);
    expect((await ben.client.peekConversationBySid(room.sid)).friendlyName).toBe("plans");
    await expect(ann.client.createConversation({ uniqueName: "plans-2026" })).rejects.toMatchObject({ status: 409 });
  });

  it("change live for everybody", async () => {
    const [cleo, dan] = [await connect("cleo"), await connect("dan")];
    const room = await cleo.client.createConversation({ friendlyName: "before" });
    await room.join();
    await room.add("dan");
    await dan.sees("joined: before");
    await room.updateFriendlyName("after");
    await dan.sees("updated: after friendlyName,dateUpdated");
    const values: JSONValue[] = [{ a: [true] }, "text", 7, null, [1, 2], { b: "ü😀" }];
    for (const attributes of values) {
      await room.updateAttributes(attributes);
      await until("the attributes", async () => {
        const seen = (await dan.room(room.sid)).attributes;
        return JSON.stringify(seen) === JSON.stringify(attributes);
      });
    }
    await room.updateUniqueName("unique");
    expect((await dan.client.getConversationByUniqueName("unique")).sid).toBe(room.sid);
    await room.updateUniqueName(null);
    await expect(dan.client.getConversationByUniqueName("unique")).rejects.toMatchObject({ status: 404 });
  });

  it("tell who comes and who goes", async () => {
    const [eve, finn] = [await connect("eve"), await connect("finn")];
    const room = await eve.client.createConversation({ friendlyName: "door" });
    await room.join();
    await room.getParticipants();
    await room.add("finn");
    await eve.sees("participantJoined: finn");
    await finn.sees("joined: door");
    await (await finn.ready(room.sid)).leave();
    await finn.sees("left: door");
    await eve.sees("participantLeft: finn");
    await room.add("finn");
    await until("finn to be back", () => finn.events.filter((event) => event === "joined: door").length === 2);
    const member = (await room.getParticipants()).find((each) => each.identity === "finn");
    await member?.updateAttributes({ seat: 1 });
    await until("finn's seat", async () => {
      const seen = await (await finn.room(room.sid)).getParticipantByIdentity("finn");
      return JSON.stringify(seen?.attributes) === '{"seat":1}';
    });
    await finn.ready(room.sid);
    await member?.remove();
    await until("finn to be out", () => finn.events.filter((event) => event === "left: door").length === 2);
    expect((await room.getParticipants()).map((each) => each.identity)).toEqual(["eve"]);
  });

  it("nothing more reaches who was removed, and it can be added again", async () => {
    const room = await server.room("fence", "guard", "stray");
    const [guard, stray] = [await connect("guard"), await connect("stray")];
    await stray.ready(room.sid);
    await server.say(room.sid, "guard", "one");
    await stray.sees("messageAdded: one");
    await server.rest("DELETE", `/v1/Conversations/${room.sid}/Participants/stray`);
    await stray.sees("left: fence");
    await server.say(room.sid, "guard", "two");
    await guard.sees("messageAdded: two");
    await expect(stray.client.getConversationBySid(room.sid)).rejects.toMatchObject({ status: 404 });
    expect(stray.has("messageAdded: two")).toBe(false);
    await server.join(room.sid, "stray");
    await until("stray to be back", () => stray.events.filter((event) => event === "joined: fence").length === 2);
    expect((await stray.history(room.sid)).map((message) => message.body)).toEqual(["one", "two"]);
    await server.say(room.sid, "guard", "three");
    await stray.sees("messageAdded: three");
  });

  it("go everywhere when they are deleted: left first, then removed", async () => {
    const gina = await connect("gina");
    const hugo = await connect("hugo");
    const room = await gina.client.createConversation({ friendlyName: "short-lived" });
    await room.join();
    await room.add("hugo");
    await hugo.sees("joined: short-lived");
    await Promise.all([gina.ready(room.sid), hugo.ready(room.sid)]);
    await room.delete();
    for (const person of [gina, hugo]) {
      await person.sees("removed: short-lived");
      const seen = person.events.filter((event) => /^(left|removed)/.test(event));
      expect(seen).toEqual(["left: short-lived", "removed: short-lived"]);
      expect((await person.client.getSubscribedConversations()).items).toEqual([]);
    }
  });

  it("do not exist for outsiders", async () => {
    const room = await server.room("secret", "insider");
    await server.say(room.sid, "insider", "psst");
    const insider = await connect("insider");
    const outsider = await connect("outsider");
    await expect(outsider.client.getConversationBySid(room.sid)).rejects.toMatchObject({ status: 404 });
    await expect(outsider.client.peekConversationBySid(room.sid)).rejects.toBeDefined();
    const seen = await insider.room(room.sid);
    await seen.sendMessage("still here");
    expect(await view(outsider)).toEqual([]);
    expect(outsider.events.filter((event) => !/^(connection|initialized)/.test(event))).toEqual([]);
  });
});

describe("people", () => {
  it("see each other's profiles change", async () => {
    const [ida, jon] = [await connect("ida"), await connect("jon")];
    const seen = await jon.client.getUser("ida");
    expect([seen.friendlyName, seen.attributes]).toEqual([null, {}]);
    await ida.client.user.updateFriendlyName("Ida B.");
    await ida.client.user.updateAttributes({ tea: true });
    await jon.sees("userUpdated: ida friendlyName");
    await jon.sees("userUpdated: ida attributes");
    expect([seen.friendlyName, seen.attributes]).toEqual(["Ida B.", { tea: true }]);
    await expect(ida.client.getUser("nobody")).rejects.toBeDefined();
  });
});
