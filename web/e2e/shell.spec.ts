import { type Browser, expect, type Locator } from "@playwright/test";
import { Person, password } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

/** The titles in a section of the list, in order. */
const titles = ({ rooms }: Person, section: string) =>
  rooms.getByRole("region", { name: section }).getByRole("link").locator("bdi").allTextContents();

const post = (server: Server, sid: string, author: string, body: string) =>
  server.rest(`/v1/Conversations/${sid}/Messages`, { Author: author, Body: body });

async function account(browser: Browser, server: Server, username: string): Promise<void> {
  const context = await browser.newContext();
  const answer = await context.request.post(`${server.url}/api/signup`, { data: { username, password } });
  expect(answer.status(), await answer.text()).toBe(201);
  await context.close();
}

async function dm(person: Person, ...people: string[]): Promise<string> {
  const answer = await person.context.request.post(`${person.server.url}/api/dms`, { data: { people } });
  expect(answer.status(), await answer.text()).toBe(200);
  return (await answer.json()).sid;
}

const focused = (locator: Locator) => expect(locator).toBeFocused();

test("the list is one tab stop, and each room has a menu", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "sl-ana");
  const { page } = ana;
  const sids: Record<string, string> = {};
  for (const name of ["beach", "cellar", "deck"]) sids[name] = await server.room(`#sl-${name}`, "sl-ana");
  await expect.poll(() => titles(ana, "Rooms")).toEqual(["sl-beach", "sl-cellar", "sl-deck"]);
  await ana.rooms.getByRole("button", { name: "Create a room" }).focus();
  await page.keyboard.press("Tab");
  await focused(ana.room("sl-beach"));
  await page.keyboard.press("ArrowDown");
  await focused(ana.room("sl-cellar"));
  await page.keyboard.press("End");
  await focused(ana.room("sl-deck"));
  await page.keyboard.press("Home");
  await focused(ana.room("sl-beach"));
  await page.keyboard.press("Tab");
  await focused(ana.rooms.getByRole("button", { name: "New message" }));
  await page.keyboard.press("Shift+Tab");

  await page.keyboard.press("Shift+F10");
  await focused(page.getByRole("menuitem", { name: "Copy link" }));
  await page.keyboard.press("End");
  await focused(page.getByRole("menuitemradio", { name: "Nothing (mute)" }));
  await page.keyboard.press("Enter");
  await expect(ana.room("sl-beach")).toContainText("Muted");
  await focused(ana.room("sl-beach"));

  await post(server, sids.cellar ?? "", "sl-bo", "news");
  await expect(ana.room("sl-cellar")).toContainText("1 Unread");
  await ana.room("sl-cellar").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Mark as read" }).click();
  await expect(ana.room("sl-cellar")).not.toContainText("Unread");
  await ana.room("sl-deck").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Leave room" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Leave" }).click();
  await expect(ana.room("sl-deck")).toHaveCount(0);

  await ana.room("sl-cellar").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "sl-cellar" })).toBeVisible();
  await expect(ana.room("sl-cellar")).toHaveAttribute("aria-current", "page");
});

test("nothing moves under the pointer; the latest direct message comes first when it has gone", async ({
  browser,
  server,
}) => {
  for (const username of ["sp-bo", "sp-chen"]) await account(browser, server, username);
  const ana = await Person.signedUp(browser, server, "sp-ana");
  const withBo = await dm(ana, "sp-bo");
  await post(server, withBo, "sp-bo", "first");
  const withChen = await dm(ana, "sp-chen");
  await expect(ana.room("sp-bo")).toContainText("1 Unread");
  await post(server, withChen, "sp-chen", "second");
  await expect.poll(() => titles(ana, "Direct messages")).toEqual(["sp-chen", "sp-bo"]);

  await ana.room("sp-chen").hover();
  await post(server, withBo, "sp-bo", "third");
  await expect(ana.room("sp-bo")).toContainText("2 Unread");
  expect(await titles(ana, "Direct messages")).toEqual(["sp-chen", "sp-bo"]);
  await ana.page.mouse.move(900, 400);
  await expect.poll(() => titles(ana, "Direct messages")).toEqual(["sp-bo", "sp-chen"]);

  const { keyboard, mouse } = ana.page;
  await ana.rooms.getByRole("button", { name: "New message" }).focus();
  await keyboard.press("Tab"); // out of the list
  await keyboard.press("Shift+Tab");
  await ana.room("sp-bo").focus();
  await post(server, withChen, "sp-chen", "fourth");
  await expect(ana.room("sp-chen")).toContainText("2 Unread");
  await keyboard.press("ArrowDown");
  await focused(ana.room("sp-chen"));
  await ana.room("sp-chen").hover();
  await mouse.move(900, 400);
  expect(await titles(ana, "Direct messages")).toEqual(["sp-bo", "sp-chen"]);
  await keyboard.press("Enter");
  await focused(ana.composer);
  await expect.poll(() => titles(ana, "Direct messages")).toEqual(["sp-chen", "sp-bo"]);
});

test("keys lead from room to room and round the page", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "sk-ana");
  const { page } = ana;
  const at = (name: string) => expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  const sids: string[] = [];
  for (const name of ["attic", "barn", "cabin", "dock"]) sids.push(await server.room(`#sk-${name}`, "sk-ana"));
  await expect.poll(() => titles(ana, "Rooms")).toHaveLength(4);
  await ana.enter("sk-attic");
  await focused(ana.composer);
  await page.keyboard.press("Alt+ArrowDown");
  await at("sk-barn");
  await page.keyboard.press("Alt+ArrowUp");
  await at("sk-attic");
  await page.keyboard.press("Alt+ArrowUp");
  await at("sk-dock");
  await post(server, sids[1] ?? "", "sk-bo", "here");
  await expect(ana.room("sk-barn")).toContainText("1 Unread");
  await page.keyboard.press("Alt+Shift+ArrowDown");
  await at("sk-barn");

  await focused(ana.composer);
  await page.keyboard.press("Control+Shift+d");
  await expect(ana.rooms).toBeHidden();
  await page.keyboard.press("Control+Shift+d");
  await expect(ana.rooms).toBeVisible();
  await page.keyboard.press("F6");
  await expect(page.getByRole("complementary").locator(":focus")).toHaveCount(1);
  await page.keyboard.press("F6");
  await expect(ana.rooms.locator(":focus")).toHaveCount(1);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Alt+ArrowDown"); // not under a dialog
  await at("sk-barn");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the list has the width that one gives it, and keeps it", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "sw-ana");
  const { page } = ana;
  const edge = page.getByRole("separator", { name: "Width of the list" });
  const width = async () => Math.round((await ana.rooms.boundingBox())?.width ?? 0);
  await expect(edge).toHaveAttribute("aria-valuenow", "260");
  await page.mouse.move(260, 300);
  await page.mouse.down();
  await page.mouse.move(330, 300, { steps: 4 });
  await page.mouse.move(350, 300);
  await page.mouse.up();
  expect(await width()).toBe(350);
  await edge.focus();
  await page.keyboard.press("ArrowRight");
  await expect(edge).toHaveAttribute("aria-valuenow", "370");
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowRight");
  expect(await width()).toBe(400);
  await page.keyboard.press("Home");
  expect(await width()).toBe(200);
  await page.reload();
  await expect(ana.rooms).toBeVisible();
  expect(await width()).toBe(200);
  await edge.dblclick();
  expect(await width()).toBe(260);
});

test("two people talk by keyboard alone", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "sb-ana");
  const bo = await Person.signedUp(browser, server, "sb-bo");
  await server.room("#sb-sales", "sb-ana", "sb-bo");
  await server.room("#sb-support", "sb-ana", "sb-bo");
  for (const person of [ana, bo]) {
    await expect(person.room("sb-support")).toBeVisible();
    await person.rooms.getByRole("button", { name: "Create a room" }).focus();
    await person.page.keyboard.press("Tab");
    await focused(person.room("sb-sales"));
  }
  await ana.page.keyboard.press("Enter");
  await expect(ana.log.getByRole("heading", { name: "This is the start of #sb-sales" })).toBeVisible();
  await bo.page.keyboard.press("End");
  await bo.page.keyboard.press("Enter");
  await focused(bo.composer);

  await focused(ana.composer);
  await ana.page.keyboard.type("hello");
  await ana.page.keyboard.press("Enter");
  await focused(ana.composer);
  await expect(ana.composer).toHaveValue("");
  await ana.sees("hello");
  await expect(bo.room("sb-sales")).toContainText("1 Unread");
  await expect(bo.page).toHaveTitle(/^\(1\) /);
  await bo.page.keyboard.press("Alt+Shift+ArrowUp");
  await bo.sees("hello");
  await expect(bo.log.getByText("New", { exact: true })).toHaveCount(1);
  await expect(bo.room("sb-sales")).not.toContainText("Unread");
  await expect(ana.log.getByRole("button", { name: "Seen by sb-bo" })).toBeVisible();

  await focused(bo.composer);
  await bo.page.keyboard.type("he");
  await expect(ana.page.getByText("sb-bo is typing…")).toBeVisible();
  await expect(ana.page.getByText("sb-bo is typing…")).toHaveCount(0, { timeout: 10_000 });
});

test("a broken connection leaves the list as it was, and what came meanwhile is counted", async ({
  browser,
  server,
}) => {
  const context = await browser.newContext();
  const answer = await context.request.post(`${server.url}/api/signup`, { data: { username: "sr-ana", password } });
  expect(answer.status(), await answer.text()).toBe(201);
  const page = await context.newPage();
  let cut = false;
  const sockets: { close(): Promise<void> }[] = [];
  await page.routeWebSocket(/wsconnect/, (socket) => {
    if (cut) return void socket.close();
    sockets.push(socket);
    socket.connectToServer();
  });
  const ana = await Person.on(page, server);
  const sid = await server.room("#sr-news", "sr-ana");
  await post(server, sid, "sr-bo", "one");
  await expect(ana.room("sr-news")).toContainText("1 Unread");
  cut = true;
  for (const socket of sockets) await socket.close();
  await expect(page.getByText("Connecting…").first()).toBeVisible();
  await expect(ana.room("sr-news")).toContainText("1 Unread");
  await post(server, sid, "sr-bo", "two");
  cut = false;
  await expect(ana.room("sr-news")).toContainText("2 Unread", { timeout: 45_000 });
});
