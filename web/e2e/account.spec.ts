import { type Browser, type BrowserContextOptions, expect } from "@playwright/test";
import { findings, looks } from "./axe";
import { Person, password } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGOQq+jBihiGlgQAOOxIgdGTj7IAAAAASUVORK5CYII=",
  "base64",
);

/** The same person in a browser of their own again. */
async function again(browser: Browser, person: Person, username: string): Promise<Person> {
  const context = await browser.newContext();
  const data = { username, password };
  const answer = await context.request.post(`${person.server.url}/login`, { data });
  expect(answer.status(), await answer.text()).toBe(200);
  const other = await Person.on(await context.newPage(), person.server);
  await expect(other.rooms).toBeVisible();
  return other;
}

async function settings(person: Person, tab: string): Promise<void> {
  await person.openAccountMenu();
  await person.page.getByRole("menuitem", { name: "Settings" }).click();
  await person.page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: tab }).click();
  await expect(person.page.getByRole("heading", { name: tab, level: 2 })).toBeVisible();
}

/** An invitation that `maker` makes for a room, as the path of its page. */
async function invite(maker: Person, room: string, uses = 10): Promise<string> {
  const made = await maker.context.request.post(`${maker.server.url}/api/invites`, { data: { room, uses } });
  expect(made.status(), await made.text()).toBe(201);
  return new URL((await made.json()).url).pathname;
}

async function makes(person: Person, name: string): Promise<string> {
  const made = await person.context.request.post(`${person.server.url}/api/rooms`, { data: { name } });
  expect(made.status(), await made.text()).toBe(201);
  return (await made.json()).sid;
}

const ended = (person: Person) => person.page.getByText("Your session ended.");

test("step 2: a wrong password is said in place; the page asks nobody but its own server", async ({
  browser,
  server,
}) => {
  const context = await browser.newContext();
  await context.request.post(`${server.url}/api/signup`, { data: { username: "ac-ana", password } });
  await context.clearCookies();
  const ana = await Person.on(await context.newPage(), server);
  await ana.signIn("ac-ana", "wrong");
  const secret = ana.page.getByLabel("Password", { exact: true });
  await expect(secret).toBeFocused();
  await expect(secret).toHaveAccessibleDescription(/password/i);
  await secret.fill(password);
  await secret.press("Enter");
  await expect(ana.rooms).toBeVisible();
  await expect(ana.rooms.getByText("@ac-ana")).toBeVisible();
  expect(ana.strays).toEqual([]);
});

test("step 23: who signs out closes the socket and leaves nothing to the next, but finds their draft again", async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "ac-ada");
  await Person.signedUp(browser, server, "ac-next");
  await server.room("#secret plans", "ac-ada");
  const sockets: { closed: boolean }[] = [];
  ana.page.on("websocket", (socket) => {
    const known = { closed: false };
    sockets.push(known);
    socket.on("close", () => {
      known.closed = true;
    });
  });
  await ana.page.reload();
  await ana.enter("secret plans");
  await ana.say("nobody else reads this");
  await ana.sees("nobody else reads this");
  await ana.composer.fill("half a thou");
  await ana.signOut();
  expect(sockets.length).toBeGreaterThan(0);
  await expect.poll(() => sockets.every(({ closed }) => closed)).toBe(true);

  await ana.signIn("ac-ada");
  await ana.enter("secret plans");
  await expect(ana.composer).toHaveValue("half a thou");
  await ana.signOut();
  await ana.signIn("ac-next");
  await expect(ana.rooms.getByText("@ac-next")).toBeVisible();
  await expect(ana.page.locator("body")).not.toContainText(/secret plans|nobody else|half a thou|ac-ada/);
  await expect(ana.page).not.toHaveTitle(/secret/);
  await ana.signOut();
  await ana.signIn("ac-ada");
  await ana.enter("secret plans");
  await expect(ana.composer).toHaveValue("");
});

test("a name and a photo are set, refused and removed, and a second page shows them at once", async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "ac-name");
  const other = await again(browser, ana, "ac-name");
  await settings(ana, "Profile");
  const { page } = ana;
  const name = page.getByLabel("Name", { exact: true });
  const save = page.getByRole("button", { name: "Save" });
  await expect(save).toBeDisabled();
  await name.fill("Ana Lovelace");
  await save.click();
  await expect(page.getByRole("status").filter({ hasText: "Saved" })).toBeVisible();
  await expect(ana.rooms.getByText("Ana Lovelace")).toBeVisible();
  await expect(other.rooms.getByText("Ana Lovelace")).toBeVisible();

  const photo = page.locator('input[type="file"]');
  await photo.setInputFiles({ name: "large.png", mimeType: "image/png", buffer: Buffer.alloc(5_000_001) });
  await expect(page.getByText("That picture has more than 5 MB.")).toBeVisible();
  await photo.setInputFiles({ name: "not.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect(page.getByRole("alert")).toContainText(/picture/i);
  await photo.setInputFiles({ name: "me.png", mimeType: "image/png", buffer: png });
  await expect(other.rooms.locator('img[src^="/api/avatars/"]')).toBeVisible();
  await page.getByRole("button", { name: "Remove" }).click();
  await expect(other.rooms.locator('img[src^="/api/avatars/"]')).toHaveCount(0);
  expect(ana.strays).toEqual([]);
});

test("a changed password signs every other browser out, and this one goes on", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "ac-pass");
  await server.room("#sales", "ac-pass");
  const other = await again(browser, ana, "ac-pass");
  await other.enter("sales");
  await other.composer.fill("half a thou");
  await settings(ana, "Password");
  const { page } = ana;
  const current = page.getByLabel("Current password");
  const wanted = page.getByLabel("New password");
  const change = page.getByRole("button", { name: "Change password" });
  await current.fill("guessed");
  await wanted.fill("another horse battery");
  await change.click();
  await expect(current).toHaveAccessibleDescription(/password/i);
  await expect(current).toHaveAttribute("aria-invalid", "true");
  await current.fill(password);
  await wanted.fill("short");
  await change.click();
  await expect(wanted).toHaveAttribute("aria-invalid", "true");
  await wanted.fill("another horse battery");
  await change.click();
  await expect(page.getByText("Password changed.")).toBeVisible();

  await expect(ended(other)).toBeVisible();
  await expect(other.page.getByLabel("Username")).toHaveValue("ac-pass");
  await expect(other.page.getByLabel("Password", { exact: true })).toBeFocused();
  await other.signIn("ac-pass");
  await expect(other.page.getByLabel("Password", { exact: true })).toBeFocused();
  await other.signIn("ac-pass", "another horse battery");
  await expect(other.composer).toHaveValue("half a thou");

  await ana.enter("sales");
  await ana.say("still here");
  await ana.sees("still here");
  await other.sees("still here");
});

test("sessions are named by their browser, and end from elsewhere", { tag: "@long" }, async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "ac-sess");
  const second = await again(browser, ana, "ac-sess");
  const third = await again(browser, ana, "ac-sess");
  await settings(ana, "Sessions");
  const rows = ana.page.getByRole("main").getByRole("listitem");
  await expect(rows).toHaveCount(3);
  await expect(rows.first()).toContainText("This browser");
  await expect(rows.first()).toContainText(/Chrom/);
  await rows
    .getByRole("button", { name: /^Sign out/ })
    .first()
    .click();
  await expect(rows).toHaveCount(2);
  const counts = async () => (await ended(second).count()) + (await ended(third).count());
  await expect.poll(counts).toBe(1);
  await ana.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(rows).toHaveCount(1);
  await expect.poll(counts).toBe(2);
  await expect(ana.rooms).toBeVisible();
});

test("an invitation lets a newcomer make an account, straight into the room", async ({ browser, serve }) => {
  const server = await serve({ ROOMFUL_SIGNUP: "invite" });
  const context = await browser.newContext();
  const { code } = JSON.parse(await server.flask("invites", "create", "--json"));
  const signUp = { data: { username: "host", password, invite: code } };
  expect((await context.request.post(`${server.url}/api/signup`, signUp)).status()).toBe(201);
  const host = await Person.on(await context.newPage(), server);
  const path = await invite(host, await makes(host, "#garden"), 1);

  const bo = await Person.open(browser, server);
  await expect(bo.page.getByRole("button", { name: "Create an account" })).toHaveCount(0);
  await bo.page.goto(`${server.url}${path}`);
  await expect(bo.page.getByRole("heading", { name: "host invites you to #garden" })).toBeVisible();
  await bo.page.getByLabel("Username").fill("bo");
  await bo.page.getByLabel("Password", { exact: true }).fill(password);
  await bo.page.getByRole("button", { name: "Create account" }).click();
  await expect(bo.page.getByRole("heading", { name: "garden" })).toBeVisible();
  await bo.say("hello");
  await bo.sees("hello");

  const late = await Person.open(browser, server);
  await late.page.goto(`${server.url}${path}`);
  await expect(late.page.getByRole("alert")).toContainText("This invitation does not work");
  await expect(late.page.getByLabel("Password", { exact: true })).toBeVisible();
  expect([...bo.strays, ...late.strays]).toEqual([]);
});

test("an invitation leads who signs in on its page, and who is signed in already, into the room", {
  tag: "@long",
}, async ({ browser, server }) => {
  const host = await Person.signedUp(browser, server, "ac-host");
  const path = await invite(host, await makes(host, "#meadow"));
  const bo = await Person.signedUp(browser, server, "ac-bo");
  await bo.signOut();
  await bo.page.goto(`${server.url}${path}`);
  await bo.page.getByRole("button", { name: "Sign in" }).click();
  await bo.signIn("ac-bo", "wrong");
  await expect(bo.page.getByLabel("Password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await bo.signIn("ac-bo");
  await expect(bo.page.getByRole("heading", { name: "meadow" })).toBeVisible();

  const chen = await Person.signedUp(browser, server, "ac-chen");
  await chen.page.goto(`${server.url}${path}`);
  await chen.page.getByRole("button", { name: "Come in" }).click();
  await expect(chen.page.getByRole("heading", { name: "meadow" })).toBeVisible();
  await chen.say("hello");
  await bo.sees("hello");

  await chen.page.goto(`${server.url}/join/AAAAAAAAAAAAAAAAAAAAAA`);
  await expect(chen.page.getByRole("heading", { name: "This invitation does not work" })).toBeVisible();
});

test("a room that is closed while somebody makes their account spoils no sign-up", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const host = await Person.signedUp(browser, server, "ac-keeper");
  const sid = await makes(host, "#attic");
  const path = await invite(host, sid);
  const bo = await Person.open(browser, server);
  await bo.page.goto(`${server.url}${path}`);
  await bo.page.getByLabel("Username").fill("ac-late");
  await bo.page.getByLabel("Password", { exact: true }).fill(password);
  const archived = await host.context.request.patch(`${server.url}/api/rooms/${sid}`, { data: { archived: true } });
  expect(archived.status()).toBe(200);
  await bo.page.getByRole("button", { name: "Create account" }).click();
  await expect(bo.page.getByRole("alert")).toContainText("This invitation does not work any more.");
  await bo.page.getByRole("button", { name: "Create account" }).click();
  await expect(bo.page.getByRole("heading", { name: "This invitation does not work" })).toBeVisible();
  await expect(bo.rooms.getByText("@ac-late")).toBeVisible();
});

test("who is disabled while here is signed out, and cannot come back", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const bo = await Person.signedUp(browser, server, "ac-dis");
  await server.flask("users", "disable", "ac-dis");
  await expect(ended(bo)).toBeVisible();
  await bo.signIn("ac-dis");
  await expect(bo.page.getByRole("main").getByRole("alert")).toContainText("switched off");
});

test("invitations that one has made are listed and taken back", { tag: "@long" }, async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "ac-links");
  const path = await invite(ana, await makes(ana, "#orchard"));
  await settings(ana, "Invitations");
  const rows = ana.page.getByRole("main").getByRole("listitem");
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText("#orchard");
  await rows.getByRole("button", { name: "Revoke" }).click();
  await expect(rows).toHaveCount(0);
  const answer = await ana.context.request.get(`${server.url}/api${path.replace("/join", "/invites")}`);
  expect(answer.status()).toBe(404);
});

test("who deletes their account is asked for the password, and is gone everywhere", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "ac-gone");
  const bo = await Person.signedUp(browser, server, "ac-stays");
  await server.room("#sales", "ac-gone", "ac-stays");
  await ana.enter("sales");
  await ana.say("what I wrote stays");
  await ana.sees("what I wrote stays");
  const other = await again(browser, ana, "ac-gone");
  await settings(ana, "Account");
  await ana.page.getByRole("button", { name: "Delete account" }).click();
  const ask = ana.page.getByRole("alertdialog");
  await ask.getByLabel("Your password").fill("guessed");
  await ask.getByRole("button", { name: "Delete for good" }).click();
  await expect(ask.getByRole("alert")).toContainText(/password/i);
  await ask.getByLabel("Your password").fill(password);
  await ask.getByRole("button", { name: "Delete for good" }).click();
  await expect(ana.page).toHaveURL(`${server.url}/login`);
  await expect(ana.page.locator("body")).not.toContainText("sales");
  await expect(ended(other)).toBeVisible();
  await ana.signIn("ac-gone");
  await expect(ana.page.getByLabel("Password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await bo.enter("sales");
  await bo.sees("what I wrote stays");
});

/** Looks with axe at every page of an account; the page's own policy would keep axe out. */
async function tour(browser: Browser, server: Server, look: string, options: BrowserContextOptions): Promise<void> {
  const ana = await Person.signedUp(browser, server, `ac-axe-${look}`, { ...options, bypassCSP: true });
  const path = await invite(ana, await makes(ana, `#axe ${look}`));
  const visit = async (address: string, heading: string | RegExp) => {
    await ana.page.goto(`${server.url}${address}`);
    await expect(ana.page.getByRole("heading", { name: heading }).last()).toBeVisible();
    await expect(ana.page.locator("[aria-busy=true]")).toHaveCount(0);
    expect(await findings(ana.page), address).toEqual([]);
  };
  for (const tab of ["Password", "Invitations", "Account"]) await visit(`/settings/${tab.toLowerCase()}`, tab);
  await ana.page.getByRole("button", { name: "Delete account" }).click();
  await expect(ana.page.getByRole("alertdialog")).toBeVisible();
  expect(await findings(ana.page)).toEqual([]);
  await visit(path, /invites you to/);
  await visit("/join/AAAAAAAAAAAAAAAAAAAAAA", "This invitation does not work");
  await ana.context.clearCookies();
  await visit(path, /invites you to/);
  await visit("/join/AAAAAAAAAAAAAAAAAAAAAA", "Come on in");
}

for (const [look, options] of looks) {
  test(`axe finds nothing serious on the pages of an account: ${look}`, async ({ browser, server }) => {
    await tour(browser, server, look, options);
  });
}
