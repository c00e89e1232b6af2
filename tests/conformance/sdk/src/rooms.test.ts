import { describe, expect, it } from "vitest";
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
