import { describe, expect, it } from "vitest";
import { begin, connect, server } from "./stage";
import { until } from "./wait";

/** The second after this one: a refusal of an identity's tokens reaches to the end of its second. */
async function nextSecond(): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  await until("the next second", () => Math.floor(Date.now() / 1000) > now);
}

describe("access tokens", () => {
  it("are renewed on the living connection", async () => {
    const ann = await connect("ann", { token: await server.token("ann", 4) });
    let asked = 0;
    ann.client.on("tokenAboutToExpire", () => {
      asked += 1;
      void server.token("ann", asked < 2 ? 4 : 3600).then((token) => ann.client.updateToken(token));
    });
    const expiry = Date.now() + 7_000;
    await until("three tokens' lives", () => Date.now() > expiry);
    expect(asked).toBe(2);
    expect(ann.has("tokenExpired")).toBe(false);
    expect(ann.events.filter((event) => event === "connection: connected").length).toBeLessThan(2);
    await ann.client.createConversation({ friendlyName: "still there" });
  });

  it("end the connection when they expire; with a new one it goes on and is told what it missed", async () => {
    const room = await server.room("expiry", "ben");
    const ben = await connect("ben", { token: await server.token("ben", 2) });
    await (await ben.room(room.sid)).getMessages();
    await ben.sees("tokenAboutToExpire");
    await ben.sees("tokenExpired");
    await ben.sees("connectionError: 401 20104 true");
    await server.say(room.sid, "ben", "missed");
    await ben.client.updateToken(await server.token("ben"));
    await ben.sees("messageAdded: missed");
  });

  it("are refused when somebody else's, expired or forged", async () => {
    const [head, body] = (await server.token("cleo")).split(".");
    const forged = await begin("cleo", { token: `${head}.${body}.AAAA` });
    await forged.sees("connectionError: 401 20107 true");
    await forged.sees("initFailed");
    const expired = await begin("cleo", { token: await server.token("cleo", -5) });
    await expired.sees("connectionError: 401 20104 true");
    const nonsense = await begin("cleo", { token: "nonsense" });
    await nonsense.sees("connectionError: 401 20101 true");
    const cleo = await connect("cleo");
    await expect(cleo.client.updateToken(await server.token("dan"))).rejects.toBeDefined();
  });

  it("are refused everywhere once they are revoked, one by one", async () => {
    const token = await server.token("eve");
    const [eve, other] = [await connect("eve", { token }), await connect("eve")];
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    await server.rest("POST", "/roomful/v1/revocations", { token_sha256: [hex] });
    await eve.sees("connectionError: 401 20101 true");
    const again = await begin("eve", { token });
    await again.sees("initFailed");
    expect(other.client.connectionState).toBe("connected");
    await eve.client.updateToken(await server.token("eve"));
    await until("eve to be back", () => eve.client.connectionState === "connected");
  });

  it("are refused for an identity: all that were issued up to now", async () => {
    const tokens = [await server.token("finn"), await server.token("finn")];
    const both = await Promise.all(tokens.map((token) => connect("finn", { token })));
    await server.rest("POST", "/roomful/v1/revocations", { identity: "finn" });
    for (const person of both) await person.sees("connectionError: 401 20101 true");
    await (await begin("finn", { token: tokens[0] })).sees("initFailed");
    await nextSecond();
    await connect("finn");
  });
});
