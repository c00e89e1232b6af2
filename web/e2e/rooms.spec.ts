import { type Browser, expect } from "@playwright/test";
import { Person, password } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

/** The first account of a server is its administrator, who may moderate any public room: nobody here is to be that one. */
test.beforeAll(async ({ server, browser }) => {
  const answer = await (await browser.newContext()).request.post(`${server.url}/api/signup`, {
    data: { username: "rooms-admin", password },
  });
  expect([201, 409]).toContain(answer.status());
});

const people = (browser: Browser, server: Server, ...names: string[]) =>
  Promise.all(names.map((name) => Person.signedUp(browser, server, name)));

async function create(person: Person, name: string, options: { topic?: string; isPrivate?: boolean } = {}) {
  await person.rooms.getByRole("button", { name: "Create a room" }).first().click();
  const dialog = person.page.getByRole("dialog", { name: "Create a room" });
  await dialog.getByLabel("Name").fill(name);
  if (options.topic) await dialog.getByLabel("Topic").fill(options.topic);
  if (options.isPrivate) await dialog.getByText("Only people who are added").click();
  await dialog.getByRole("button", { name: "Create a room" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(person.page.getByRole("heading", { level: 1, name })).toBeVisible();
  return person.page.url().split("/r/")[1] as string;
}

async function writeTo(person: Person, ...names: string[]) {
  await person.rooms.getByRole("button", { name: "New message" }).click();
  const dialog = person.page.getByRole("dialog", { name: "New message" });
  for (const name of names) {
    await dialog.getByLabel("To").fill(name);
    await dialog.getByRole("option", { name }).click();
  }
  return dialog.getByRole("button", { name: "Write" });
}

const heading = (person: Person, name: string | RegExp) =>
  person.page.getByRole("main").getByRole("heading", { name }).first();

test("step 1: rooms are made in a terminal, and listed as the tutorial lists them", async ({ serve }) => {
  const server = await serve();
  expect(await server.flask("chatrooms", "create", "#sales")).toBe("");
  expect(await server.flask("chatrooms", "create", "#support")).toBe("");
  expect(await server.flask("chatrooms", "list")).toMatch(/^#sales \(CH\w{32}\)\n#support \(CH\w{32}\)\n$/);
  await expect(server.flask("chatrooms", "create", "#sales")).rejects.toMatchObject({
    code: 1,
    stdout: "Chat room already exists\n",
  });
});

test("step 10: two who write to each other at the same moment share one conversation, which is closed to others", async ({
  browser,
  server,
}) => {
  const [ana, bo, chen] = (await people(browser, server, "dm-ana", "dm-bo", "dm-chen")) as [Person, Person, Person];
  const [one, other] = [await writeTo(ana, "dm-bo"), await writeTo(bo, "dm-ana")];
  await Promise.all([one.click(), other.click()]);
  await expect(heading(ana, "dm-bo")).toBeVisible();
  await expect(heading(bo, "dm-ana")).toBeVisible();
  expect(new URL(ana.page.url()).pathname).toBe(new URL(bo.page.url()).pathname);
  await ana.say("for you only");
  await bo.sees("for you only");
  await expect(ana.room("dm-bo")).toHaveCount(1);

  await chen.page.goto(ana.page.url());
  await expect(heading(chen, "This room is not open to you")).toBeVisible();
  await chen.page.goto(`${server.url}/r/CH${"0".repeat(32)}`);
  await expect(heading(chen, "This room is not open to you")).toBeVisible();

  const button = await writeTo(ana, "dm-bo", "dm-chen");
  await button.click();
  await expect(heading(ana, /dm-bo, dm-chen|dm-chen, dm-bo/)).toBeVisible();
  await ana.say("all three");
  await expect(chen.rooms.getByRole("link", { name: /dm-ana/ })).toHaveAccessibleName(/1 Unread/);
});

test("step 11: a private room is seen by those who were added, and by nobody else", async ({ browser, server }) => {
  const [ana, bo, chen] = (await people(browser, server, "pr-ana", "pr-bo", "pr-chen")) as [Person, Person, Person];
  await create(ana, "pr-board", { isPrivate: true });
  await ana.roomMenu("Add people");
  const dialog = ana.page.getByRole("dialog", { name: "Add people to #pr-board" });
  await dialog.getByLabel("Who should be in the room?").fill("pr-bo");
  await dialog.getByRole("option", { name: "pr-bo" }).click();
  await dialog.getByRole("button", { name: "Add 1 person" }).click();
  await expect(dialog).toHaveCount(0);
  await bo.enter("pr-board");
  await expect(bo.log.getByText("pr-ana added pr-bo")).toBeVisible();

  for (const [person, count] of [
    [bo, 1],
    [chen, 0],
  ] as const) {
    await person.rooms.getByRole("button", { name: "Browse rooms" }).first().click();
    await person.page.getByRole("searchbox").fill("pr-board");
    await expect(count ? heading(person, "pr-board") : person.page.getByText("No room like that.")).toBeVisible();
    await expect(person.page.getByRole("main").getByRole("listitem")).toHaveCount(count);
  }
  await chen.page.goto(ana.page.url());
  await expect(heading(chen, "This room is not open to you")).toBeVisible();
  expect([...ana.strays, ...bo.strays, ...chen.strays]).toEqual([]);
});

test("step 12: a public room is found, joined with nothing unread, and left, live for those in it", async ({
  browser,
  server,
}) => {
  const [ana, chen] = (await people(browser, server, "pu-ana", "pu-chen")) as [Person, Person];
  await create(ana, "pu-support", { topic: "Who needs a hand" });
  for (const text of ["one", "two", "three"]) await ana.say(text);
  await ana.sees("one", "two", "three");
  const panel = ana.page.getByRole("complementary", { name: /People in/ });
  await expect(panel.getByRole("listitem")).toHaveCount(1);

  await chen.rooms.getByRole("button", { name: "Browse rooms" }).first().click();
  await chen.page.getByRole("searchbox").fill("hand");
  await chen.page.getByRole("button", { name: "Join #pu-support" }).click();
  await chen.sees("one", "two", "three");
  await expect(chen.room("pu-support")).not.toHaveAccessibleName(/Unread/);
  await expect(chen.log.locator("[data-line]")).toHaveCount(0);
  await expect(panel.getByRole("listitem")).toHaveCount(2);

  await chen.roomMenu("Leave room");
  await chen.page.getByRole("button", { name: "Leave", exact: true }).click();
  await expect(chen.room("pu-support")).toHaveCount(0);
  await expect(chen.page).toHaveURL(`${server.url}/`);
  await expect(panel.getByRole("listitem")).toHaveCount(1);

  await chen.page.goto(ana.page.url());
  await chen.page.getByRole("button", { name: "Join room" }).click();
  await chen.sees("one", "two", "three");
});

test("step 18: rooms made and deleted in a terminal come and go, also under who looks at one", async ({
  browser,
  serve,
}) => {
  const server = await serve();
  const [ana, bo] = (await people(browser, server, "ana", "bo")) as [Person, Person];
  await server.flask("chatrooms", "create", "#support");
  await bo.enter("support");
  await bo.composer.fill("half a thou");
  await server.flask("chatrooms", "create", "#new", "--default");
  for (const person of [ana, bo]) await expect(person.room("new")).toBeVisible();
  await server.flask("chatrooms", "delete", "#support", "--yes");
  for (const person of [ana, bo]) await expect(person.room("support")).toHaveCount(0);
  await expect(heading(bo, "#support was deleted")).toBeVisible();
  await expect(bo.page.getByText("half a thou")).toBeVisible();
  await bo.page.getByRole("button", { name: "Copy unsent text" }).click();
});

test("who is put out of a room while looking at it is told by whom, and may not come back alone", async ({
  browser,
  server,
}) => {
  const [ana, bo] = (await people(browser, server, "out-ana", "out-bo")) as [Person, Person];
  const sid = await create(ana, "out-club");
  await bo.page.goto(`${server.url}/r/${sid}`);
  await bo.page.getByRole("button", { name: "Join room" }).click();
  await bo.composer.fill("but I");
  await expect(ana.log).toBeVisible();
  const removed = await ana.page.request.delete(`${server.url}/api/rooms/${sid}/members/out-bo`, {
    headers: { Origin: server.url },
  });
  expect(removed.status()).toBe(204);
  await expect(heading(bo, "out-ana removed you from #out-club")).toBeVisible();
  await expect(bo.page.getByText("but I")).toBeVisible();
  await bo.page.getByRole("button", { name: "Back to rooms" }).click();
  await bo.page.goto(`${server.url}/r/${sid}`);
  await bo.page.getByRole("button", { name: "Join room" }).click();
  await expect(bo.page.getByRole("alert")).toContainText(/removed|cannot|may not/i);
});

test("a new name and topic, archiving and reopening show at once everywhere", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const [ana, bo] = (await people(browser, server, "ch-ana", "ch-bo")) as [Person, Person];
  const sid = await create(ana, "ch-plans");
  await server.join(sid, "ch-bo");
  await bo.enter("ch-plans");

  await ana.roomMenu("Name and topic");
  const dialog = ana.page.getByRole("dialog", { name: /Name and topic/ });
  await dialog.getByLabel("Name").fill("ch-travel");
  await dialog.getByLabel("Topic").fill("Lisbon in May");
  await dialog.getByRole("button", { name: "Save" }).click();
  for (const person of [ana, bo]) {
    await expect(heading(person, "ch-travel")).toBeVisible();
    await expect(person.page.getByTitle("Lisbon in May")).toBeVisible();
    await expect(person.room("ch-travel")).toBeVisible();
  }
  await expect(bo.log.getByText("ch-ana renamed the room from #ch-plans to #ch-travel")).toBeVisible();

  await bo.page.getByRole("button", { name: "Room menu" }).click();
  await expect(bo.page.getByRole("menuitem", { name: "Copy link" })).toBeVisible();
  await expect(bo.page.getByRole("menuitem", { name: /Archive|Delete|Name and topic/ })).toHaveCount(0);
  await bo.page.keyboard.press("Escape");

  await ana.roomMenu("Archive room");
  await ana.page.getByRole("button", { name: "Archive room" }).click();
  for (const person of [ana, bo]) await expect(person.page.getByText("This room is archived")).toBeVisible();
  await expect(bo.composer).toHaveCount(0);
  await ana.page.getByRole("button", { name: "Reopen room" }).click();
  await expect(bo.composer).toBeVisible();
  await bo.say("open again");
  await expect(ana.log.getByText("open again")).toBeVisible();

  await bo.rooms.getByRole("button", { name: "Create a room" }).first().click();
  const form = bo.page.getByRole("dialog", { name: "Create a room" });
  await form.getByLabel("Name").fill("ch-travel");
  await form.getByRole("button", { name: "Create a room" }).click();
  await expect(form.getByLabel("Name")).toHaveAccessibleDescription(/already|exists|taken/i);
});

test("a muted room stays quiet, in every tab, until it is unmuted", { tag: "@long" }, async ({ browser, server }) => {
  const [ana, bo] = (await people(browser, server, "mu-ana", "mu-bo")) as [Person, Person];
  await server.room("#mu-noise", "mu-ana", "mu-bo");
  const other = await Person.on(await ana.context.newPage(), server);
  await other.page.goto(`${server.url}/browse`);
  await ana.page.bringToFront(); // a page behind another one is drawn seldom
  await ana.enter("mu-noise");
  await ana.roomMenu("Nothing (mute)");
  for (const tab of [ana, other]) await expect(tab.room("mu-noise")).toHaveAccessibleName(/Muted/);
  await ana.page.goto(`${server.url}/browse`);
  await bo.enter("mu-noise");
  await bo.say("psst");
  await bo.sees("psst");
  await ana.enter("mu-noise");
  await ana.sees("psst");
  await expect(other.page).toHaveTitle("Roomful");
  await ana.roomMenu("Mentions");
  await expect(other.room("mu-noise")).not.toHaveAccessibleName(/Muted/);
});
