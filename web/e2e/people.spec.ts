import { type Browser, type BrowserContextOptions, expect, type Locator } from "@playwright/test";
import { findings, looks, phone } from "./axe";
import { Person, password } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

/** Somebody with an account and no page open. */
async function account(browser: Browser, server: Server, username: string, name: string): Promise<void> {
  const context = await browser.newContext();
  const data = { username, password, friendly_name: name };
  const answer = await context.request.post(`${server.url}/api/signup`, { data });
  expect(answer.status(), await answer.text()).toBe(201);
  await context.close();
}

/** Somebody who comes back: signs in and looks at a room. */
async function comes(
  browser: Browser,
  server: Server,
  username: string,
  sid: string,
  options: BrowserContextOptions = {},
) {
  const context = await browser.newContext(options);
  const answer = await context.request.post(`${server.url}/login`, { data: { username, password } });
  expect(answer.status(), await answer.text()).toBe(200);
  const page = await context.newPage();
  const person = await Person.on(page, server);
  await page.goto(`${server.url}/r/${sid}`);
  await expect(person.log.getByRole("list")).toBeVisible();
  return person;
}

/** A room that the first of these people has made and moderates, and the others were added to. */
async function makes(person: Person, name: string, ...others: string[]): Promise<string> {
  const { request } = person.context;
  const made = await request.post(`${person.server.url}/api/rooms`, { data: { name } });
  expect(made.status(), await made.text()).toBe(201);
  const { sid } = await made.json();
  if (others.length > 0) {
    const added = await request.post(`${person.server.url}/api/rooms/${sid}/members`, { data: { people: others } });
    expect(await added.json()).toMatchObject({ refused: {} });
  }
  await expect(person.room(name.slice(1))).toBeVisible();
  return sid;
}

const panelOf = ({ page }: Person) => page.getByRole("complementary", { name: /^People in/ });
const row = (person: Person, name: string) => panelOf(person).getByRole("button", { name });
const group = (person: Person, title: string) =>
  panelOf(person)
    .locator("section")
    .filter({ has: person.page.getByRole("heading", { name: title }) });

async function cardOf(person: Person, name: string): Promise<Locator> {
  await row(person, name).click();
  const card = person.page.getByRole("dialog", { name });
  await expect(card.getByText(/^Here since/)).toBeVisible();
  return card;
}

test("who comes and goes is seen, and a picture shows at once on others' pages", async ({ browser, server }) => {
  await account(browser, server, "pp-bo", "Bo Lindqvist");
  const ana = await Person.signedUp(browser, server, "pp-ana");
  const sid = await makes(ana, "#presence", "pp-bo");
  await ana.enter("presence");
  await expect(group(ana, "Here now, 1").getByRole("button", { name: "pp-ana (you)" })).toBeVisible();
  await expect(group(ana, "Away, 1").getByRole("img", { name: "Offline" })).toBeVisible();

  const bo = await comes(browser, server, "pp-bo", sid);
  await expect(group(ana, "Here now, 2").getByRole("button", { name: "Bo Lindqvist" })).toBeVisible();
  await expect(row(ana, "Bo Lindqvist").getByRole("img", { name: "Online" })).toBeVisible();

  await bo.say("Look at me");
  await expect(ana.log.getByText("Look at me")).toBeVisible();
  await expect(ana.log.locator("img")).toHaveCount(0);
  await bo.page.evaluate(async () => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 300;
    const brush = canvas.getContext("2d") as CanvasRenderingContext2D;
    brush.fillStyle = "teal";
    brush.fillRect(0, 0, 300, 300);
    const body = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    const answer = await fetch("/api/avatar", { method: "PUT", body });
    if (!answer.ok) throw new Error(await answer.text());
  });
  const picture = ana.log.getByRole("button", { name: "Profile of Bo Lindqvist" }).locator("img");
  await expect(picture).toHaveAttribute("src", /^\/api\/avatars\/[0-9a-f]{64}$/);
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(256);
  await expect(row(ana, "Bo Lindqvist").locator("img")).toBeVisible();
  await bo.page.evaluate(() =>
    fetch("/api/profile", {
      method: "PATCH",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: "Captain Bo" }),
    }),
  );
  await expect(row(ana, "Captain Bo")).toBeVisible();
  await expect(ana.log.getByRole("button", { name: "Captain Bo", exact: true })).toBeVisible();
  await bo.page.evaluate(() => fetch("/api/avatar", { method: "DELETE" }));
  await expect(picture).toHaveCount(0);

  await bo.context.close();
  // Ten seconds of the service's, and ten of the page's: who is back by then was never away.
  await expect(group(ana, "Away, 1").getByRole("button", { name: "Captain Bo" })).toBeVisible({ timeout: 45_000 });
  expect(ana.strays).toEqual([]);
});

test("moderators make others moderators and put people out, and a room keeps its last one", async ({
  browser,
  server,
}) => {
  // The first account of a server administrates it: somebody who moderates anyway.
  const ana = await Person.signedUp(browser, server, "pm-ana");
  await account(browser, server, "pm-bo", "Bo");
  await account(browser, server, "pm-chen", "Chen");
  const sid = await makes(ana, "#council", "pm-bo", "pm-chen");
  await ana.enter("council");
  const bo = await comes(browser, server, "pm-bo", sid);
  const chen = await comes(browser, server, "pm-chen", sid);

  const hidden = await cardOf(bo, "Chen");
  await expect(hidden.getByRole("button", { name: "Message" })).toBeVisible();
  await expect(hidden.getByRole("button", { name: /Remove|moderator/ })).toHaveCount(0);
  await bo.page.keyboard.press("Escape");

  const own = await cardOf(ana, "pm-ana");
  await own.getByRole("button", { name: "Give up moderator role" }).click();
  const question = ana.page.getByRole("alertdialog");
  await question.getByRole("button", { name: "Give up role" }).click();
  await expect(question.getByRole("alert")).toHaveText("You are the only moderator. Make somebody else one first.");
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(row(ana, "pm-ana")).toBeFocused();

  const card = await cardOf(ana, "Bo");
  await card.getByRole("button", { name: "Make moderator" }).click();
  await expect(card.getByRole("button", { name: "Take moderator role" })).toBeVisible();
  await ana.page.keyboard.press("Escape");
  await expect(row(ana, "Bo")).toContainText("Moderator");
  await expect(row(bo, "Bo")).toContainText("Moderator");
  await expect(chen.log.getByText("pm-ana made Bo a moderator")).toBeVisible();

  // What one may do changes in an open card, too.
  const open = await cardOf(bo, "Chen");
  await expect(open.getByRole("button", { name: "Remove from room" })).toBeVisible();
  const again = await cardOf(ana, "Bo");
  await again.getByRole("button", { name: "Take moderator role" }).click();
  await expect(open.getByRole("button", { name: "Remove from room" })).toHaveCount(0);
  await again.getByRole("button", { name: "Make moderator" }).click();
  await open.getByRole("button", { name: "Remove from room" }).click();
  const removal = bo.page.getByRole("alertdialog", { name: "Remove Chen from #council?" });
  await expect(removal).toContainText("cannot come back alone");
  await expect(removal.getByRole("button", { name: "Cancel" })).toBeFocused();
  const refusal = { error: "Your role in this room does not allow that.", code: "not_allowed" };
  await bo.page.route("**/members/pm-chen", (route) => route.fulfill({ status: 403, json: refusal }), { times: 1 });
  await removal.getByRole("button", { name: "Remove" }).click();
  await expect(removal.getByRole("alert")).toHaveText(refusal.error);
  await removal.getByRole("button", { name: "Remove" }).click();
  for (const other of [ana, bo]) await expect(row(other, "Chen")).toHaveCount(0);
  await expect(ana.log.getByText("Bo removed Chen")).toBeVisible();
  await expect(chen.page.getByRole("heading", { name: "Bo removed you from #council" })).toBeVisible();
});

test("people are found, several are added, and it is said who was not and why", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const people = [
    ["pa-bo", "Bodil Ahl"],
    ["pa-chen", "Bodil Berg"],
    ["pa-dan", "Daniela Costa"],
  ] as const;
  for (const [username, name] of people) await account(browser, server, username, name);
  const ana = await Person.signedUp(browser, server, "pa-ana");
  await makes(ana, "#newcomers");
  await ana.enter("newcomers");
  await expect(panelOf(ana).getByText("Just you so far.")).toBeVisible();
  await panelOf(ana).getByRole("button", { name: "Add people" }).click();
  const dialog = ana.page.getByRole("dialog", { name: "Add people to #newcomers" });
  const search = dialog.getByRole("combobox", { name: "Who should be in the room?" });
  await expect(search).toBeFocused();

  await search.fill("pa-ana");
  await expect(dialog.getByRole("option", { name: "pa-ana" })).toBeDisabled();
  await search.fill("nobody at all");
  await expect(dialog.getByText("Nobody is called “nobody at all” here.")).toBeVisible();
  await search.clear();
  await search.pressSequentially("ahl");
  await expect(dialog.getByRole("option")).toHaveCount(1);
  await search.press("Enter");
  await expect(dialog.getByRole("button", { name: "Remove Bodil Ahl" })).toBeVisible();
  await search.fill("daniela");
  await dialog.getByRole("option", { name: "Daniela Costa" }).click();
  await server.flask("users", "disable", "pa-dan");
  await dialog.getByRole("button", { name: "Add 2 people" }).click();
  await expect(dialog.getByRole("alert")).toContainText("1 person is in.");
  await expect(dialog.getByRole("alert")).toContainText("Daniela Costa: the account no longer exists or is disabled");
  await expect(row(ana, "Bodil Ahl")).toBeVisible();
  await dialog.getByRole("button", { name: "Remove Daniela Costa" }).click();
  await search.fill("berg");
  await dialog.getByRole("option", { name: "Bodil Berg" }).click();
  await dialog.getByRole("button", { name: "Add 1 person" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(row(ana, "Bodil Berg")).toBeVisible();
  await expect(ana.log.getByText("pa-ana added Bodil Berg")).toBeVisible();
});

test("a name in the log leads to the card, and the card to a direct message", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  await account(browser, server, "pd-bo", "Bo Direct");
  const ana = await Person.signedUp(browser, server, "pd-ana");
  const sid = await makes(ana, "#corridor", "pd-bo");
  await ana.enter("corridor");
  const bo = await comes(browser, server, "pd-bo", sid);
  await bo.say("A word?");
  await ana.log.getByRole("button", { name: "Bo Direct", exact: true }).click();
  const card = ana.page.getByRole("dialog", { name: "Bo Direct" });
  await expect(card.getByText("@pd-bo")).toBeVisible();
  await card.getByRole("button", { name: "Message" }).click();
  await expect(ana.page.getByRole("heading", { level: 1, name: "Bo Direct" })).toBeVisible();
  await expect(card).toHaveCount(0);
  await ana.say("Of course.");
  await bo.room("pd-ana").click();
  await expect(bo.log.getByText("Of course.")).toBeVisible();
  await expect(panelOf(bo).getByRole("button", { name: "Add people" })).toHaveCount(0);
});

test("the panel is one list for the keyboard, and the card gives the focus back", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const others = Array.from({ length: 13 }, (_, n) => `pk-${String.fromCharCode(97 + n)}`);
  for (const username of others) await account(browser, server, username, `${username.at(-1)?.toUpperCase()} Person`);
  const ana = await Person.signedUp(browser, server, "pk-zoe");
  await makes(ana, "#crowd", ...others);
  await ana.enter("crowd");
  const { page } = ana;
  await expect(group(ana, "Away, 13").getByRole("button")).toHaveCount(13);
  const filter = panelOf(ana).getByRole("searchbox", { name: "Find people in this room" });
  await page.keyboard.press("Control+.");
  await expect(panelOf(ana)).toHaveCount(0);
  await page.reload();
  await expect(ana.log.getByRole("list")).toBeVisible();
  await expect(panelOf(ana)).toHaveCount(0);
  await page.keyboard.press("Control+.");
  await filter.focus();
  await page.keyboard.press("Tab");
  await expect(row(ana, "pk-zoe")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(row(ana, "A Person")).toBeFocused();
  await page.keyboard.press("End");
  await expect(row(ana, "M Person")).toBeFocused();
  await page.keyboard.press("f");
  await expect(row(ana, "F Person")).toBeFocused();
  await page.keyboard.press("Enter");
  const card = page.getByRole("dialog", { name: "F Person" });
  await expect(card.getByText("@pk-f")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(card).toHaveCount(0);
  await expect(row(ana, "F Person")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(panelOf(ana).getByRole("button", { name: "Add people" })).toBeFocused();
  await filter.fill("g");
  await expect(panelOf(ana).getByRole("listitem")).toHaveCount(1);
  await filter.fill("qq");
  await expect(panelOf(ana).getByText("Nobody here is called “qq”.")).toBeVisible();
  await filter.press("Escape");
  await expect(panelOf(ana).getByRole("listitem")).toHaveCount(14);

  // A message's menu leads to its author, too.
  await ana.say("hello");
  await ana.sees("hello");
  await ana.log.focus();
  await page.keyboard.press("ArrowUp");
  await ana.log.getByRole("button", { name: "Message actions" }).press("Enter");
  await page.getByRole("menuitem", { name: "Who wrote this" }).press("Enter");
  await expect(page.getByRole("dialog", { name: "pk-zoe" })).toBeVisible();
});

test("between a phone and a desktop the people lie over the room", { tag: "@long" }, async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "po-ana", { viewport: { width: 900, height: 800 } });
  await makes(ana, "#narrow");
  await ana.enter("narrow");
  const button = ana.page.getByRole("button", { name: "1 person" });
  await expect(panelOf(ana)).toHaveCount(0);
  await button.click();
  await expect(panelOf(ana).getByRole("heading", { name: "People" })).toBeFocused();
  await ana.page.keyboard.press("Escape");
  await expect(panelOf(ana)).toHaveCount(0);
  await expect(button).toBeFocused();
});

test("on a phone the people are a page, and the way back leads to the room", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "pq-ana", phone);
  await makes(ana, "#hand");
  await ana.room("hand").tap();
  const people = ana.page.getByRole("button", { name: "1 person" });
  await people.tap();
  await expect(panelOf(ana)).toBeVisible();
  await expect(ana.page.getByRole("main")).toBeHidden();
  await ana.page.goBack();
  await expect(panelOf(ana)).toHaveCount(0);
  await expect(ana.composer).toBeVisible();
  await people.tap();
  await row(ana, "pq-ana").tap();
  const card = ana.page.getByRole("dialog", { name: "pq-ana" });
  await expect(card.getByText("@pq-ana")).toBeVisible();
  await card.getByRole("button", { name: "Close" }).tap();
  await panelOf(ana).getByRole("button", { name: "Close" }).tap();
  await expect(ana.composer).toBeVisible();
  await expect(ana.page).toHaveURL(/\/r\/CH[0-9a-f]{32}$/);
});

for (const [look, options] of looks) {
  test(`axe finds nothing serious among people: ${look}`, async ({ browser, server }) => {
    const [ana, bo, cy] = ["ana", "bo", "cy"].map((name) => `px-${name}-${look.replace(" ", "-")}`) as [
      string,
      string,
      string,
    ];
    await account(browser, server, bo, "Bo Axe");
    await account(browser, server, cy, `Cy of ${look}`);
    const person = await Person.signedUp(browser, server, ana, { ...options, bypassCSP: true });
    const { page } = person;
    const sid = await makes(person, `#axes ${look}`, bo);
    await page.goto(`${server.url}/r/${sid}${look.includes("phone") ? "?panel=people" : ""}`);
    await expect(group(person, "Away, 1")).toBeVisible();
    expect(await findings(page)).toEqual([]);
    const card = await cardOf(person, "Bo Axe");
    expect(await findings(page)).toEqual([]);
    await card.getByRole("button", { name: "Remove from room" }).click();
    await expect(page.getByRole("alertdialog")).toBeVisible();
    expect(await findings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await panelOf(person).getByRole("button", { name: "Add people" }).click();
    await expect(page.getByRole("dialog", { name: `Add people to #axes ${look}` })).toBeVisible();
    await page.getByRole("combobox", { name: "Who should be in the room?" }).fill(cy);
    await page.getByRole("option", { name: new RegExp(`^Cy of ${look} @`) }).click();
    expect(await findings(page)).toEqual([]);
  });
}
