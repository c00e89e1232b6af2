/**
 * The states of a connection. All that the SDK's typings name, but two:
 *
 * - `error`: twilsock's own state of that name is shown as `connecting`, so `Client.connectionState` never has it.
 * - `disconnected` for good without `shutdown()`: only after a `close` packet of status 406, 417, 401 or 410, none of
 *   which our server sends; it closes the WebSocket instead (docs/protocol.md, "Tokens").
 *
 * One is not in the documentation of the SDK: `retrying`, from a failed attempt to connect to the next successful one.
 */
import { afterEach, expect } from "vitest";
import { Cable } from "./cable";
import { type Person, SOON } from "./person";
import { begin, conforms, connect, fresh, server } from "./stage";
import { Tab } from "./tab";
import { inParallel, until } from "./wait";

const CONNECTIONS_PER_USER = 100;

afterEach(() => Tab.closeAll());

/** The connection states that the client told. */
function states(person: Person): string[] {
  return person.events.filter((event) => event.startsWith("connection: ")).map((event) => event.split(" ")[1] ?? "");
}

/** What the first attempts to start told, of `connectionError` and `initFailed`. */
function failures(person: Person) {
  const [errors, failed]: [unknown[], unknown[]] = [[], []];
  person.client.on("connectionError", (error) => errors.push(error));
  person.client.on("initFailed", ({ error }) => failed.push(error));
  return { errors, failed };
}

conforms(
  [
    ...["Client.constructor", "Client.connectionState", "Client.shutdown"],
    ...["Client#connectionStateChanged", "Client#initialized", "Client#stateChanged"],
  ],
  "is unknown, connecting and connected, and after a shutdown disconnecting and disconnected for good",
  async () => {
    const room = await server.room("watched", "ann");
    const ann = await begin("ann");
    const told: string[] = [];
    ann.client.on("stateChanged", (state) => told.push(state));
    expect(ann.client.connectionState).toBe("unknown");
    await ann.arrive();
    expect([told, ann.client.connectionState]).toEqual([["initialized"], "connected"]);
    const other = await fresh("ann");
    for (const person of [ann, other]) await person.ready(room.sid);
    await ann.client.shutdown();
    await until("the end", () => ann.client.connectionState === "disconnected");
    expect(states(ann)).toEqual(["connecting", "connected", "disconnecting", "disconnected"]);
    await server.say(room.sid, "ann", "who hears?");
    await other.sees("messageAdded: who hears?");
    expect([ann.has("messageAdded: who hears?"), states(other)]).toEqual([false, ["connecting", "connected"]]);
    await expect(ann.client.createConversation()).rejects.toThrow();
    await ann.client.shutdown();
  },
);

conforms(
  ["Client.connectionState", "Client#connectionStateChanged", "Client#connectionError"],
  "is connecting when the line breaks, retrying while it stays broken, and connected again by itself",
  async () => {
    const room = await server.room("line", "ben");
    const cable = await Cable.to(server);
    const ben = await connect("ben", { socket: cable.socket, ...SOON });
    const mine = await ben.ready(room.sid);
    await cable.cut();
    await until("the first failed attempt", () => ben.client.connectionState === "retrying");
    expect(states(ben).slice(2, 3)).toEqual(["connecting"]);
    expect(ben.events.filter((event) => event.startsWith("connectionError"))).toContain(
      "connectionError: null null false",
    );
    const sent = mine.sendMessage("written meanwhile");
    await server.say(room.sid, "ben", "missed");
    await cable.mend();
    expect(await sent).toBe(1);
    await ben.sees("messageAdded: missed");
    expect(ben.client.connectionState).toBe("connected");
    const bodies = (await (await fresh("ben")).history(room.sid)).map((message) => message.body);
    expect(bodies).toEqual(["missed", "written meanwhile"]);
  },
);

conforms(
  ["Client.connectionState", "Client.shutdown", "Client#connectionStateChanged"],
  "does not come back after a shutdown while the line was broken",
  async () => {
    const cable = await Cable.to(server);
    const cleo = await connect("cleo", { socket: cable.socket, ...SOON });
    await cable.cut();
    await until("the first failed attempt", () => cleo.client.connectionState === "retrying");
    await cleo.client.shutdown();
    await cable.mend();
    const other = await fresh("cleo", { socket: cable.socket });
    await (await other.client.createConversation({ friendlyName: "later" })).join();
    await other.sees("joined: later");
    expect([cleo.client.connectionState, cleo.has("added: later")]).toEqual(["disconnected", false]);
  },
);

conforms(
  [
    ...["Client.constructor", "Client.connectionState", "Client#connectionStateChanged", "Client#stateChanged"],
    ...["Client#initFailed", "Client#initialized", "Client#connectionError"],
  ],
  "is retried while the server is away, and made in the end, also by a client that began meanwhile",
  async () => {
    const [room, token] = [await server.room("away", "dan"), await server.token("eve")];
    const dan = await connect("dan", SOON);
    const his = await dan.ready(room.sid);
    await server.stop();
    await until("the server to be away", () => dan.client.connectionState === "retrying");
    const eve = await begin("eve", { token, ...SOON });
    const { errors, failed } = failures(eve);
    const told: string[] = [];
    eve.client.on("stateChanged", (state) => told.push(state));
    await until("the first attempt to fail", () => failed.length === 1 && eve.client.connectionState === "retrying");
    expect(failed).toEqual([errors[0]]);
    expect(failed[0]).toMatchObject({ terminal: false, httpStatusCode: null, errorCode: null });
    await server.start();
    await eve.arrive();
    expect([told[0], told.at(-1)]).toEqual(["failed", "initialized"]);
    const hers = await eve.client.createConversation({ friendlyName: "at last" });
    await until("dan to be back", () => dan.client.connectionState === "connected");
    await his.sendMessage("again");
    expect((await (await fresh("eve")).room(hers.sid)).friendlyName).toBe("at last");
    expect((await (await fresh("dan")).history(room.sid)).map((message) => message.body)).toEqual(["again"]);
  },
);

conforms(
  ["Client#connectionError", "Client#initFailed", "Client#initialized", "Client.shutdown"],
  "is refused to a person's 101st client until another one leaves",
  async () => {
    const crowd = await inParallel(CONNECTIONS_PER_USER, () => connect("finn"));
    const late = await begin("finn", SOON);
    const { errors, failed } = failures(late);
    const refusal = {
      terminal: false,
      message: "Connection error: Too many connections of one user",
      httpStatusCode: 429,
      errorCode: 20429,
    };
    await until("the refusal", () => failed.length === 2);
    expect(errors).toEqual([refusal]);
    expect(failed).toEqual([{ terminal: true, message: "Twilsock has disconnected." }, refusal]);
    expect(late.client.connectionState).toBe("connecting");
    expect((await fresh("another")).client.connectionState).toBe("connected");
    expect(crowd.every((person) => person.client.connectionState === "connected")).toBe(true);
    await crowd[0]?.client.shutdown();
    await late.arrive();
    expect(late.client.connectionState).toBe("connected");
  },
  { node: "a hundred more sockets of one page show nothing new", timeout: 60_000 },
);

conforms(
  ["Client#connectionError", "Client#initFailed", "Client#initialized"],
  "is made as soon as the service can answer again that said it could not",
  async () => {
    await server.break("init");
    const gina = await begin("gina", SOON);
    const { errors, failed } = failures(gina);
    await until("the refusal", () => failed.length === 2).finally(() => server.break(null));
    expect(errors[0]).toEqual({
      terminal: false,
      message: "Connection error: The service failed to carry out the request",
      httpStatusCode: 500,
      errorCode: 20500,
    });
    await gina.arrive();
    const room = await gina.client.createConversation({ friendlyName: "after all" });
    expect((await (await fresh("gina")).room(room.sid)).friendlyName).toBe("after all");
  },
);

conforms(
  ["Client.connectionState", "Client#messageAdded"],
  "is dropped by the server when the client's end is gone without a word, and made up for when it comes back",
  async () => {
    await server.rest("POST", `/v1/Services/${server.keys.service_sid}/Configuration`, { ReachabilityEnabled: "true" });
    const room = await server.room("hole", "hugo", "ida");
    const cable = await Cable.to(server);
    await server.pings(1, 1);
    const hugo = await connect("hugo", { socket: cable.socket, ...SOON });
    const ida = await connect("ida");
    await server.pings(30, 20);
    for (const person of [hugo, ida]) await person.ready(room.sid);
    const seen = await ida.client.getUser("hugo");
    await until("hugo to be online", () => seen.isOnline);
    await cable.stall();
    await until("the server to have dropped hugo", async () => {
      await server.advance(500); // nobody is shown as gone before ten seconds
      return seen.isOnline === false;
    });
    expect((await (await fresh("ida")).client.getUser("hugo")).isOnline).toBe(false);
    await server.say(room.sid, "ida", "do you hear me?");
    expect([hugo.client.connectionState, hugo.has("messageAdded: do you hear me?")]).toEqual(["connected", false]);
    expect(states(ida)).toEqual(["connecting", "connected"]);
    await cable.flow();
    await hugo.sees("messageAdded: do you hear me?");
  },
);

conforms(
  ["Client.connectionState", "Client#connectionStateChanged", "Client#messageAdded"],
  "is given up when the browser says that it is offline, and made at once when it is online again",
  async () => {
    const room = await server.room("train", "jon");
    const cable = await Cable.to(server);
    const jon = await connect("jon", {
      socket: cable.socket,
      retryPolicy: { min: 60_000, max: 60_000, randomness: 0 }, // so that it is the browser's word that counts
    });
    await jon.ready(room.sid);
    await cable.stall();
    window.dispatchEvent(new Event("offline"));
    await until("jon to know", () => jon.client.connectionState === "connecting");
    await server.say(room.sid, "jon", "in the tunnel");
    await cable.flow();
    window.dispatchEvent(new Event("online"));
    await jon.sees("messageAdded: in the tunnel");
    expect(states(jon)).toEqual(["connecting", "connected", "connecting", "connected"]);
    expect(await (await fresh("jon")).history(room.sid)).toHaveLength(1);
  },
  { browser: "Node has no such events" },
);

conforms(
  ["Client.constructor", "Client#initialized", "Client#messageAdded"],
  "is another one in each tab, and a new one after a reload",
  async () => {
    const room = await server.room("tabs", "kim");
    const [one, other] = [await Tab.of(server, "kim"), await Tab.of(server, "kim")];
    for (const tab of [one, other]) expect(await tab.page.bodies(room.sid)).toEqual([]);
    await one.page.send(room.sid, "from the first");
    for (const tab of [one, other]) await tab.sees("messageAdded: from the first");
    await one.reload();
    expect(await one.page.bodies(room.sid)).toEqual(["from the first"]);
    await other.page.send(room.sid, "from the second");
    for (const tab of [one, other]) await tab.sees("messageAdded: from the second");
    one.close();
    await other.page.send(room.sid, "alone");
    await other.sees("messageAdded: alone");
    expect(other.page.connectionState()).toBe("connected");
    expect(await (await fresh("kim")).history(room.sid)).toHaveLength(3);
  },
  { browser: "Node has no tabs" },
);
