import type { User } from "@twilio/conversations";
import { expect } from "vitest";
import { SOON } from "./person";
import { conforms, connect, fresh, server } from "./stage";
import { heard, JSON_VALUES, refusal } from "./told";
import { inParallel, until } from "./wait";

/** How many users the SDK keeps subscriptions to, beside its own: `user_infos_to_subscribe`. */
const SUBSCRIBED = 100;

/** What a client that connects now finds about a user. */
async function look(identity: string, by = "onlooker"): Promise<User> {
  return (await fresh(by)).client.getUser(identity);
}

function identities(users: User[]): string[] {
  return users.map((user) => user.identity).sort();
}

conforms(
  [
    ...["identity", "friendlyName", "attributes", "isSubscribed", "isOnline", "isNotifiable"].map((it) => `User.${it}`),
    ...["Client.getUser", "Client.user", "Client.getSubscribedUsers", "Client#userSubscribed", "User#userSubscribed"],
  ],
  "is shown to everybody in the service, and stays subscribed to",
  async () => {
    const attributes = { tea: ["green"] };
    await server.rest("POST", "/v1/Users", {
      ...{ Identity: "ann", FriendlyName: "Ann A.", Attributes: JSON.stringify(attributes) },
    });
    const ben = await connect("ben");
    const subscribed = heard(ben.client, "userSubscribed");
    const seen = await ben.client.getUser("ann");
    expect(seen).toMatchObject({ identity: "ann", friendlyName: "Ann A.", attributes, isSubscribed: true });
    expect([seen.isOnline, seen.isNotifiable]).toEqual([null, null]);
    expect(subscribed).toEqual(["ann"]);
    expect(await ben.client.getUser("ann")).toBe(seen);
    expect(await ben.client.getUser("ben")).toBe(ben.client.user);
    expect(subscribed).toEqual(["ann"]);
    const replayed: string[] = [];
    seen.onWithReplay("userSubscribed", (user) => replayed.push(user.identity));
    expect(replayed).toEqual(["ann"]);
    expect(identities(await ben.client.getSubscribedUsers())).toEqual(["ann", "ben"]);
    const late = await fresh("ann");
    expect(late.client.user).toMatchObject({ identity: "ann", friendlyName: "Ann A.", attributes, isSubscribed: true });
    expect(identities(await late.client.getSubscribedUsers())).toEqual(["ann"]);
  },
);

conforms(
  ["User.updateFriendlyName", "User.friendlyName", "User#updated", "Client#userUpdated"],
  "is renamed for everybody, who are told once and only of a change",
  async () => {
    const [cleo, dan] = [await connect("cleo"), await connect("dan")];
    const seen = await dan.client.getUser("cleo");
    const [his, hers] = [heard(seen, "updated"), heard(cleo.client.user, "updated")];
    expect(await cleo.client.user.updateFriendlyName("Cleo")).toBe(cleo.client.user);
    for (const told of [his, hers]) await until("the new name", () => told.length === 1);
    await cleo.client.user.updateFriendlyName("Cleo");
    await cleo.client.user.updateFriendlyName("Zoë 😀");
    for (const told of [his, hers]) await until("the newer name", () => told.length === 2);
    expect([his, hers]).toEqual([Array(2).fill("friendlyName"), Array(2).fill("friendlyName")]);
    for (const person of [cleo, dan]) {
      expect(person.events.filter((event) => event === "userUpdated: cleo friendlyName")).toHaveLength(2);
    }
    expect([seen.friendlyName, cleo.client.user.friendlyName]).toEqual(["Zoë 😀", "Zoë 😀"]);
    expect((await look("cleo")).friendlyName).toBe("Zoë 😀");
    await cleo.client.user.updateFriendlyName("");
    await until("no name", () => seen.friendlyName === null);
    expect((await look("cleo")).friendlyName).toBeNull();
  },
);

conforms(
  ["User.updateAttributes", "User.attributes", "User#updated", "Client#userUpdated"],
  "keeps attributes of every JSON type",
  async () => {
    const [eve, finn] = [await connect("eve"), await connect("finn")];
    const seen = await finn.client.getUser("eve");
    const told = heard(seen, "updated");
    const late = await fresh("onlooker");
    for (const value of JSON_VALUES) {
      expect(await eve.client.user.updateAttributes(value)).toBe(eve.client.user);
      const text = JSON.stringify(value);
      for (const user of [seen, eve.client.user]) {
        await until(`finn and eve to see ${text}`, () => JSON.stringify(user.attributes) === text);
      }
      const read = await late.client.getUser("eve");
      expect(read.attributes).toEqual(value);
      await read.unsubscribe(); // the next one is read from the server again
    }
    expect(new Set(told)).toEqual(new Set(["attributes"]));
    expect(finn.has("userUpdated: eve attributes")).toBe(true);
  },
);

conforms(
  ["User.updateFriendlyName", "User.updateAttributes"],
  "stays as it was when what is given is too long, or when it is not one's own",
  async () => {
    const gina = await connect("gina");
    const { user } = gina.client;
    await user.updateFriendlyName("😀".repeat(256));
    await user.updateAttributes("x".repeat(4094));
    expect(await refusal(user.updateFriendlyName("x".repeat(257)))).toEqual([400, 50003]);
    expect(await refusal(user.updateFriendlyName("a\u0000b"))).toEqual([400, 20001]);
    expect(await refusal(user.updateAttributes("x".repeat(4095)))).toEqual([400, 50303]);
    const stranger = await connect("stranger");
    const hers = await stranger.client.getUser("gina");
    expect(await refusal(hers.updateFriendlyName("not me"))).toEqual([403, 50107]);
    expect(await refusal(hers.updateAttributes({}))).toEqual([403, 50107]);
    const seen = await look("gina");
    expect([seen.friendlyName, seen.attributes]).toEqual(["😀".repeat(256), "x".repeat(4094)]);
  },
);

conforms(
  ["Client.getUser", "User.updateFriendlyName", "User.identity"],
  "is found by an identity that a path must encode, and not found when there is none",
  async () => {
    const odd = ["zoë/?#&% @1+1", "..", ".", "%2F", '"\\', "😀", "friendlyName", "a".repeat(256)];
    for (const identity of odd) {
      const person = await connect(identity);
      await person.client.user.updateFriendlyName(`name of ${identity.slice(0, 100)}`);
    }
    const { client } = await fresh("onlooker");
    for (const identity of odd) {
      const seen = await client.getUser(identity);
      expect([seen.identity, seen.friendlyName]).toEqual([identity, `name of ${identity.slice(0, 100)}`]);
    }
    for (const unknown of ["nobody", "zoë", "%252F", "a".repeat(257), `US${"0".repeat(32)}`]) {
      expect(await refusal(client.getUser(unknown))).toEqual([404, 50200]);
    }
    await expect(client.getUser("")).rejects.toThrow();
    expect(identities(await client.getSubscribedUsers())).toEqual([...odd, "onlooker"].sort());
  },
);

conforms(
  [
    ...["User.unsubscribe", "User.isSubscribed", "User#userUnsubscribed", "Client#userUnsubscribed"],
    ...["Client#userSubscribed", "Client.getSubscribedUsers", "Client.getUser"],
  ],
  "is not heard of any more once it is unsubscribed from, and can be subscribed to again",
  async () => {
    const [hugo, ida] = [await connect("hugo"), await connect("ida")];
    const jon = await connect("jon");
    const [seen, also] = [await ida.client.getUser("hugo"), await jon.client.getUser("hugo")];
    const [gone, goneFromClient] = [heard(seen, "userUnsubscribed"), heard(ida.client, "userUnsubscribed")];
    await seen.unsubscribe();
    expect([gone, goneFromClient, seen.isSubscribed]).toEqual([["hugo"], ["hugo"], false]);
    expect(identities(await ida.client.getSubscribedUsers())).toEqual(["ida"]);
    await expect(seen.updateFriendlyName("from afar")).rejects.toThrow("unsubscribed");
    await expect(seen.updateAttributes({})).rejects.toThrow("unsubscribed");
    await hugo.client.user.updateFriendlyName("Hugo");
    await until("jon to see it", () => also.friendlyName === "Hugo");
    const again = await ida.client.getUser("hugo");
    expect([again === seen, again.friendlyName, again.isSubscribed, seen.friendlyName]).toEqual([
      ...[false, "Hugo", true, null],
    ]);
    await hugo.client.user.updateFriendlyName("Hugo H.");
    await until("ida to see it", () => again.friendlyName === "Hugo H.");
    expect(seen.friendlyName).toBeNull();
    expect((await look("hugo")).friendlyName).toBe("Hugo H.");
  },
);

conforms(
  ["User.unsubscribe", "User.isSubscribed", "Client.user", "User#userUnsubscribed", "User#userSubscribed"],
  "is subscribed to again at once when it is one's own",
  async () => {
    const kim = await connect("kim");
    const { user } = kim.client;
    const [gone, back] = [heard(user, "userUnsubscribed"), heard(user, "userSubscribed")];
    await user.unsubscribe();
    await until("kim to be subscribed again", () => user.isSubscribed);
    expect([gone, back]).toEqual([["kim"], ["kim"]]);
    await user.updateFriendlyName("Kim");
    await until("the name", () => user.friendlyName === "Kim");
    expect((await look("kim")).friendlyName).toBe("Kim");
  },
);

conforms(
  ["Client.getUser", "Client.getSubscribedUsers", "Client#userUnsubscribed", "Client#userUpdated"],
  "is unsubscribed from when a hundred others are looked at after it",
  async () => {
    const names = Array.from({ length: SUBSCRIBED + 1 }, (_, n) => `one of many ${n}`);
    await inParallel(names.length, (n) => server.rest("POST", "/v1/Users", { Identity: names[n] ?? "" }));
    const lou = await fresh("lou");
    const gone = heard(lou.client, "userUnsubscribed");
    const users: User[] = [];
    for (const name of names) users.push(await lou.client.getUser(name));
    await until("the first to go", () => gone.length > 0);
    expect([gone, users.map((user) => user.isSubscribed).indexOf(true)]).toEqual([[names[0]], 1]);
    expect(identities(await lou.client.getSubscribedUsers())).toEqual([...names.slice(1), "lou"].sort());
    for (const name of [names[0], names[1], names[SUBSCRIBED]] as string[]) {
      await server.rest("POST", `/v1/Users/${encodeURIComponent(name)}`, { FriendlyName: `${name}!` });
    }
    await lou.sees(`userUpdated: ${names.at(-1)} friendlyName`);
    await lou.sees(`userUpdated: ${names[1]} friendlyName`);
    expect([users[0]?.friendlyName, lou.has(`userUpdated: ${names[0]} friendlyName`)]).toEqual([null, false]);
    expect((await lou.client.getUser(names[0] ?? "")).friendlyName).toBe(`${names[0]}!`);
  },
);

conforms(
  ["Client.getUser", "Client#connectionError", "Client#participantLeft"],
  "is gone for everybody when it is deleted, and its clients are signed out",
  async () => {
    const room = await server.room("farewell", "mia", "noah");
    const [mia, noah] = [await connect("mia", SOON), await connect("noah")];
    for (const person of [mia, noah]) await person.ready(room.sid);
    expect((await noah.client.getUser("mia")).identity).toBe("mia");
    await server.rest("DELETE", "/v1/Users/mia");
    await mia.sees("connectionError: 401 20101 true");
    await noah.sees("participantLeft: mia");
    expect(await refusal((await fresh("noah")).client.getUser("mia"))).toEqual([404, 50200]);
  },
);
