import { type Browser, expect, type Page } from "@playwright/test";
import { Person } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

const long = Boolean(process.env.ROOMFUL_LONG);
/** How long people chat while their tokens end, in milliseconds; and how long a token lives, in seconds. */
const [chatting, life] = long ? [60_000, 20] : [20_000, 12];

/** Counts tokens that were fetched anew, and notes all that a reader would see of it. */
async function watch(person: Person) {
  const seen = { renewals: 0, loads: 0 };
  person.page.on("response", (response) => {
    if (response.url().endsWith("/api/token") && response.ok()) seen.renewals += 1;
  });
  person.page.on("load", () => {
    seen.loads += 1;
  });
  await person.page.evaluate(() => {
    const flickers: string[] = [];
    Object.assign(window, { flickers });
    let rows = 0;
    new MutationObserver(() => {
      const banner = document.querySelector("main > [role=status]")?.textContent;
      if (banner) flickers.push(banner);
      const now = document.querySelectorAll("[data-row]").length;
      if (now < rows) flickers.push(`${rows - now} rows gone`);
      rows = now;
      if (!document.querySelector("form textarea")) flickers.push("no composer");
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return seen;
}

const flickers = (person: Person) => person.page.evaluate(() => (window as unknown as { flickers: string[] }).flickers);

test("step 17: tokens that live for seconds are renewed unseen while people chat", async ({ browser, serve }) => {
  test.setTimeout(chatting + 90_000);
  const server = await serve({ ROOMFUL_TOKEN_TTL: String(life) });
  await server.flask("chatrooms", "create", "#sales");
  const ana = await Person.signedUp(browser, server, "ana");
  const bo = await Person.signedUp(browser, server, "bo");
  await ana.enter("sales");
  await bo.enter("sales");
  const watched = [await watch(ana), await watch(bo)];
  const renewals = () => watched.reduce((sum, { renewals }) => sum + renewals, 0);

  const until = Date.now() + chatting;
  const texts: string[] = [];
  for (let n = 1; Date.now() < until; n++) {
    texts.push(`message ${n}`);
    await (n % 2 ? ana : bo).say(`message ${n}`);
    await ana.sees(...texts);
    await bo.sees(...texts);
    const before = renewals();
    await expect.poll(() => renewals() > before || Date.now() >= until, { timeout: 30_000 }).toBe(true);
  }
  for (const [at, person] of [ana, bo].entries()) {
    expect(watched[at]?.renewals).toBeGreaterThanOrEqual(long ? 3 : 2);
    expect(watched[at]?.renewals).toBeLessThanOrEqual(8);
    expect(watched[at]?.loads).toBe(0);
    expect(await flickers(person)).toEqual([]);
  }
});

/** Signs in to the Conversations service with a token, as an SDK does, on a socket of its own; what it is answered. */
function init(page: Page, socket: string, token: string): Promise<string> {
  return page.evaluate(
    ({ socket, token }) =>
      new Promise<string>((done) => {
        const line = new WebSocket(socket);
        line.binaryType = "arraybuffer";
        line.onopen = () => {
          const header = JSON.stringify({
            method: "init",
            id: "TMreplay",
            token,
            continuation_token: "",
            payload_size: 0,
          });
          line.send(new TextEncoder().encode(`TWILSOCK V3.0 ${header.length}\r\n${header}\r\n`));
        };
        line.onmessage = ({ data }) => {
          done(new TextDecoder().decode(data));
          line.close();
        };
        line.onclose = () => done("closed");
      }),
    { socket, token },
  );
}

async function tokenOf(browser: Browser, server: Server, username: string) {
  const person = await Person.signedUp(browser, server, username);
  const answered = person.page.waitForResponse((response) => response.url().endsWith("/api/token"));
  const opened = person.page.waitForEvent("websocket");
  await person.page.reload();
  const [{ token }, socket] = [await (await answered).json(), (await opened).url()];
  return { person, token: token as string, socket };
}

/** Asks the Conversations service's media over plain HTTP with a token. */
async function askMedia(person: Person, socket: string, token: string, path = "") {
  const [, payload = ""] = token.split(".");
  const { grants } = JSON.parse(Buffer.from(payload, "base64url").toString());
  const { origin } = new URL(socket.replace(/^ws/, "http"));
  const url = `${origin}/v1/Services/${grants.chat.service_sid}/Media${path}`;
  const headers = { "X-Twilio-Token": token, "Content-Type": "text/plain" };
  const { request } = person.context;
  return path ? request.get(url, { headers }) : request.post(url, { headers, data: "words" });
}

test("step 23: a token is refused everywhere once its person has signed out", async ({ browser, server }) => {
  const { person, token, socket } = await tokenOf(browser, server, "tok-ana");
  const other = await Person.signedUp(browser, server, "tok-bo");
  expect(await init(other.page, socket, token)).toMatch(/"code":\s*200/);
  const uploaded = await askMedia(other, socket, token);
  expect(uploaded.status(), await uploaded.text()).toBe(201);
  const { sid } = await uploaded.json();
  expect((await askMedia(other, socket, token, `/${sid}`)).status()).toBe(200);

  await person.signOut();
  expect(await init(other.page, socket, token)).toContain("20101");
  expect((await askMedia(other, socket, token)).status()).toBe(401);
  expect((await askMedia(other, socket, token, `/${sid}`)).status()).toBe(401);
  expect((await person.context.request.post(`${server.url}/api/token`, { data: {} })).status()).toBe(401);
});
