import { expect } from "vitest";
import { Cable } from "./cable";
import { type Person, SOON } from "./person";
import { fingerprint, signed } from "./signed";
import { begin, conforms, connect, fresh, server } from "./stage";
import { until } from "./wait";

/** The second after this one: a refusal of an identity's tokens reaches to the end of its second. */
async function nextSecond(): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await until("the next second", () => Math.floor(Date.now() / 1000) > now);
}

/** What the client was told of its connection, without what it told of its first. */
function connections(person: Person): string[] {
  return person.events.filter((event) => event.startsWith("connection: ")).map((event) => event.split(" ")[1] ?? "");
}

/** Whether who connects with this token now is warned at once: before anything else is answered. */
async function warned(identity: string, token: string): Promise<boolean> {
  return (await fresh(identity, { token })).has("tokenAboutToExpire");
}

/** How `updateToken` is refused: the status of the server's reply, which the SDK hands on. */
async function refusedUpdate(person: Person, token: string) {
  const error = await person.client.updateToken(token).then(
    () => undefined,
    (refused) => refused,
  );
  return error?.reply?.status;
}

conforms(
  ["Client#tokenAboutToExpire"],
  "is announced three minutes before the end, or half of the token's life if that is less",
  async () => {
    const [long, short] = [await server.token("ann", 400), await server.token("ann", 200)];
    await server.advance(90_000);
    expect([await warned("ann", long), await warned("ann", short)]).toEqual([false, false]);
    await server.advance(15_000);
    expect([await warned("ann", long), await warned("ann", short)]).toEqual([false, true]);
    await server.advance(105_000);
    expect(await warned("ann", long)).toBe(false);
    await server.advance(15_000);
    expect(await warned("ann", long)).toBe(true);
  },
);

conforms(
  ["Client.updateToken", "Client#tokenAboutToExpire"],
  "is renewed on the living connection, each time that its end is announced",
  async () => {
    const ben = await connect("ben", { token: await server.token("ben", 3) });
    const lives = [3, 3600];
    const renewed: unknown[] = [];
    ben.client.on("tokenAboutToExpire", async () => {
      const token = await server.token("ben", lives.shift());
      renewed.push(await ben.client.updateToken(token));
    });
    await until("the second renewal", () => renewed.length === 2);
    expect(renewed).toEqual([ben.client, ben.client]);
    await server.advance(10_000);
    const room = await ben.client.createConversation({ friendlyName: "still there" });
    expect(connections(ben)).toEqual(["connecting", "connected"]);
    expect(ben.events.filter((event) => event.startsWith("token"))).toEqual(Array(2).fill("tokenAboutToExpire"));
    expect((await (await fresh("ben")).room(room.sid)).friendlyName).toBe("still there");
  },
);

conforms(
  ["Client#tokenExpired", "Client#connectionError", "Client#connectionStateChanged", "Client.updateToken"],
  "ends the connection when it expires; with a new one the client goes on and is told what it missed",
  async () => {
    const room = await server.room("expiry", "cleo");
    const cleo = await connect("cleo", { token: await server.token("cleo", 2), ...SOON });
    const mine = await cleo.ready(room.sid);
    const updated = new Promise((done, failed) => {
      cleo.client.on("tokenExpired", async () => {
        await server.say(room.sid, "cleo", "missed");
        cleo.client.updateToken(await server.token("cleo")).then(done, failed);
      });
    });
    expect(await updated).toBe(cleo.client);
    await cleo.sees("messageAdded: missed");
    expect(connections(cleo)).toEqual(["connecting", "connected", "connecting", "denied", "connecting", "connected"]);
    expect(cleo.events).toContain("connectionError: 401 20104 true");
    await mine.sendMessage("back");
    const bodies = (await (await fresh("cleo")).history(room.sid)).map((message) => message.body);
    expect(bodies).toEqual(["missed", "back"]);
  },
);

conforms(
  ["Client#tokenExpired", "Client.updateToken"],
  "carries no request any more once it has expired, though the connection may still be there",
  async () => {
    const room = await server.room("late", "dan");
    const dan = await connect("dan", { token: await server.token("dan", 3600), ...SOON });
    const mine = await dan.ready(room.sid);
    await server.advance(3_601_000);
    await expect(mine.sendMessage("too late")).rejects.toThrow(/disconnected|not initialized/);
    await dan.sees("tokenExpired");
    await dan.client.updateToken(await server.token("dan"));
    await mine.sendMessage("in time");
    const bodies = (await (await fresh("dan")).history(room.sid)).map((message) => message.body);
    expect(bodies).toEqual(["in time"]);
  },
);

const REFUSED: [what: string, code: number, message: string, token: (identity: string) => Promise<string>][] = [
  ["no token", 20101, "Invalid Access Token", async () => "nonsense"],
  ["too long", 20101, "Invalid Access Token", async () => "x".repeat(8193)],
  ["another algorithm", 20102, "Invalid Access Token header", (who) => signed(server, who, {}, { alg: "HS512" })],
  ["another content type", 20102, "Invalid Access Token header", (who) => signed(server, who, {}, { cty: "x" })],
  [
    ...(["an unknown key", 20103, "Invalid Access Token issuer/subject"] as const),
    (who) => signed(server, who, { iss: `SK${"0".repeat(32)}` }),
  ],
  [
    ...(["another account", 20103, "Invalid Access Token issuer/subject"] as const),
    (who) => signed(server, who, { sub: `AC${"0".repeat(32)}` }),
  ],
  [...(["expired", 20104, "Access Token expired or expiration date invalid"] as const), (who) => server.token(who, -5)],
  [
    ...(["without an end", 20104, "Access Token expired or expiration date invalid"] as const),
    (who) => signed(server, who, { exp: undefined }),
  ],
  [
    ...(["not valid yet", 20105, "Access Token not yet valid"] as const),
    (who) => signed(server, who, { nbf: 9_000_000_000, exp: 9_000_000_100 }),
  ],
  [
    ...(["without grants", 20106, "Invalid Access Token grants"] as const),
    (who) => signed(server, who, { grants: undefined }),
  ],
  [
    ...(["for an unknown service", 20106, "Invalid Access Token grants: the chat service is unknown"] as const),
    (who) => signed(server, who, { grants: { identity: who, chat: { service_sid: `IS${"0".repeat(32)}` } } }),
  ],
  [
    ...(["forged", 20107, "Invalid Access Token signature"] as const),
    async (who) => `${(await server.token(who)).split(".").slice(0, 2).join(".")}.AAAA`,
  ],
  [
    ...(["too long a life", 20157, "Expiration time exceeds the maximum time allowed"] as const),
    (who) => server.token(who, 86_500),
  ],
];

conforms(
  ["Client.constructor", "Client#initFailed", "Client#stateChanged", "Client#connectionError", "Client#tokenExpired"],
  "is refused for good, with code and text, when it is not a valid one of this service",
  async () => {
    for (const [what, code, text, token] of REFUSED) {
      const identity = `who has a token that is ${what}`;
      const person = await begin(identity, { token: await token(identity) });
      const [failures, errors, states]: [unknown[], unknown[], string[]] = [[], [], []];
      person.client.on("initFailed", ({ error }) => failures.push(error));
      person.client.on("connectionError", (error) => errors.push(error));
      person.client.on("stateChanged", (state) => states.push(state));
      await until(`${what} to be refused`, () => failures.length === 2 && errors.length === 1);
      const refusal = {
        terminal: true,
        message: `Connection error: ${text}`,
        httpStatusCode: 401,
        errorCode: code,
      };
      expect(errors, what).toEqual([refusal]);
      expect(failures, what).toEqual([{ terminal: true, message: "Twilsock has disconnected." }, refusal]);
      expect(states).toEqual(["failed", "failed"]);
      expect(connections(person)).toEqual(["connecting", "denied"]);
      expect(person.has("tokenExpired")).toBe(code === 20104);
    }
    const judge = await fresh("judge");
    for (const [what] of REFUSED) {
      await expect(judge.client.getUser(`who has a token that is ${what}`)).rejects.toMatchObject({ status: 404 });
    }
  },
);

conforms(
  ["Client.constructor", "Client#initialized"],
  "is taken from an issuer whose clock is a minute ahead, and with the grant's older name",
  async () => {
    const { service_sid } = server.keys;
    const [, given] = (await server.token("eve", 3600)).split(".");
    const { nbf, exp } = JSON.parse(atob(given ?? ""));
    const ahead = await signed(server, "eve", { nbf: nbf + 55, exp });
    const older = await signed(server, "eve", { grants: { identity: "eve", ip_messaging: { service_sid } } });
    for (const token of [ahead, older]) expect((await fresh("eve", { token })).client.user.identity).toBe("eve");
  },
);

conforms(
  ["Client.updateToken", "Client.connectionState", "Client#connectionError"],
  "is not exchanged for another's, an expired or a revoked one: the client is denied until it has a good one",
  async () => {
    const [finn, other] = [await connect("finn"), await connect("finn")];
    const room = await server.room("kept", "finn");
    await finn.ready(room.sid);
    const revoked = await server.token("finn");
    await server.rest("POST", "/roomful/v1/revocations", { token_sha256: [await fingerprint(revoked)] });
    const bad: [string, number, string][] = [
      [await server.token("gina"), 20106, "The Access Token is for another identity"],
      [await server.token("finn", -5), 20104, "Access Token expired or expiration date invalid"],
      [revoked, 20101, "Access Token has been revoked"],
      ["nonsense", 20101, "Invalid Access Token"],
    ];
    for (const [token, errorCode, description] of bad) {
      const status = await refusedUpdate(finn, token);
      expect(status).toMatchObject({ code: 401, errorCode, description });
      await until("denied", () => finn.client.connectionState === "denied");
      await finn.sees(`connectionError: 401 ${errorCode} true`);
      await server.say(room.sid, "finn", `without ${errorCode}`);
      expect(await finn.client.updateToken(await server.token("finn"))).toBe(finn.client);
      await finn.sees(`messageAdded: without ${errorCode}`);
    }
    expect(connections(other)).toEqual(["connecting", "connected"]);
    expect(await (await fresh("finn")).history(room.sid)).toHaveLength(bad.length);
  },
);

conforms(
  ["Client.updateToken"],
  "is not sent again when the client has it, and one that comes while the line is broken is used for the next",
  async () => {
    const [cable, token] = [await Cable.to(server), await server.token("hugo")];
    const hugo = await connect("hugo", { socket: cable.socket, token, ...SOON });
    await cable.stall();
    expect(await hugo.client.updateToken(token)).toBe(hugo.client);
    await cable.flow();
    await cable.cut();
    await until("the cut", () => hugo.client.connectionState !== "connected");
    const next = await server.token("hugo");
    const updated = hugo.client.updateToken(next);
    await server.rest("POST", "/roomful/v1/revocations", { token_sha256: [await fingerprint(token)] });
    await cable.mend();
    expect(await updated).toBe(hugo.client);
    const room = await hugo.client.createConversation({ friendlyName: "with the next" });
    expect((await (await fresh("hugo", { token: next })).room(room.sid)).friendlyName).toBe("with the next");
    expect(hugo.events.filter((event) => /40[13]/.test(event))).toEqual([]);
  },
);

conforms(
  ["Client.updateToken", "Client#connectionError", "Client#initFailed"],
  "is refused everywhere once it is revoked, and others of the same person are not",
  async () => {
    const token = await server.token("ida");
    const [ida, other] = [await connect("ida", { token, ...SOON }), await connect("ida")];
    await server.rest("POST", "/roomful/v1/revocations", { token_sha256: [await fingerprint(token)] });
    await ida.sees("connectionError: 401 20101 true");
    const again = await begin("ida", { token });
    await again.sees("initFailed");
    expect(connections(other)).toEqual(["connecting", "connected"]);
    await ida.client.updateToken(await server.token("ida"));
    await until("ida to be back", () => ida.client.connectionState === "connected");
    const room = await ida.client.createConversation({ friendlyName: "after" });
    expect((await (await fresh("ida")).room(room.sid)).friendlyName).toBe("after");
  },
);

conforms(
  ["Client#connectionError", "Client#initFailed"],
  "is refused with all others of an identity that were issued up to now",
  async () => {
    const tokens = [await server.token("jon"), await server.token("jon")];
    const both = await Promise.all(tokens.map((token) => connect("jon", { token, ...SOON })));
    await server.rest("POST", "/roomful/v1/revocations", { identity: "jon" });
    for (const person of both) await person.sees("connectionError: 401 20101 true");
    await (await begin("jon", { token: tokens[0] })).sees("initFailed");
    await nextSecond();
    expect((await fresh("jon")).client.connectionState).toBe("connected");
  },
);
