import { expect } from "@playwright/test";
import { Person } from "./person";
import { test } from "./stage";

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index + 1}`);

test("a room made in a terminal appears, people chat live, and a killed server loses and doubles nothing", async ({
  browser,
  serve,
}) => {
  const server = await serve();
  const ana = await Person.signedUp(browser, server, "ana");
  const bo = await Person.signedUp(browser, server, "bo");
  await expect(ana.page.getByRole("main").getByRole("heading", { name: "No rooms yet" })).toBeVisible();

  await server.flask("chatrooms", "create", "#sales");
  await ana.enter("sales");
  await bo.enter("sales");
  await expect(ana.page.getByText("This is the start of #sales")).toBeVisible();

  await ana.say("hello");
  await expect(ana.composer).toHaveValue("");
  await expect(ana.composer).toBeFocused();
  await bo.sees("hello");
  await bo.say("hi Ana");
  await ana.sees("hello", "hi Ana");

  const many = numbered("before and after", 30);
  for (const [index, text] of many.entries()) {
    await ana.say(text);
    if (index === 12) await server.kill();
  }
  await expect(ana.log.getByText("Waiting for connection").first()).toBeVisible();
  await bo.say("written while it was down");
  await expect(ana.page.getByRole("main").getByText(/^Connecting…$|^You’re offline. Messages/)).toBeVisible();

  await server.run();
  await expect.poll(() => ana.texts(), { timeout: 45_000 }).toHaveLength(33);
  const texts = await ana.texts();
  expect(texts.filter((text) => text !== "written while it was down")).toEqual(["hello", "hi Ana", ...many]);
  await bo.sees(...texts);
  await ana.sees(...texts);

  await bo.say("still here?");
  await ana.sees(...texts, "still here?");
  await ana.page.reload();
  await ana.sees(...texts, "still here?");
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});

test("a send that is cut off stays with Retry, and comes through once", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "alma");
  const bo = await Person.signedUp(browser, server, "ben");
  await server.room("#sales", "alma", "ben");
  const opened = ana.page.waitForEvent("websocket");
  await ana.page.reload();
  const socket = await opened;
  await ana.enter("sales");
  await bo.enter("sales");
  await ana.say("one");
  await bo.sees("one");

  server.freeze();
  const left = socket.waitForEvent("framesent", ({ payload }) => Buffer.from(payload).includes("two"));
  await ana.say("two");
  await ana.say("three");
  await left; // before that it would wait for the connection, and not be cut off
  await server.kill();
  const row = ana.log.getByRole("listitem").filter({ hasText: "two" });
  await expect(row.getByText("Not sent. Your text is safe.")).toBeVisible();
  await expect(row.getByRole("button", { name: "Delete" })).toBeVisible();
  await row.getByRole("button", { name: "Retry" }).click();
  await expect(row.getByText("Waiting for connection")).toBeVisible();

  await server.run();
  await ana.sees("one", "two", "three");
  await bo.sees("one", "two", "three");
});

test("an unread room is lit, and the title counts it", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "asta");
  const bo = await Person.signedUp(browser, server, "boris");
  await server.room("#sales", "asta", "boris");
  await server.room("#support", "asta", "boris");
  await ana.enter("sales");
  await bo.enter("support");
  await ana.say("anybody?");
  await expect(bo.room("sales 1 Unread")).toBeVisible();
  await expect(bo.page).toHaveTitle("(1) #support – Roomful");
  await bo.enter("sales");
  await bo.sees("anybody?");
  await expect(bo.page).toHaveTitle("#sales – Roomful");
});

test("a room that is deleted while one looks at it says so, and keeps unsent text", async ({ browser, serve }) => {
  const server = await serve();
  await server.flask("chatrooms", "create", "#sales");
  const ana = await Person.signedUp(browser, server, "ana");
  await ana.enter("sales");
  await ana.composer.fill("half a thou");
  await server.flask("chatrooms", "delete", "#sales");
  await expect(ana.page.getByRole("heading", { name: "#sales was deleted" })).toBeVisible();
  await expect(ana.page.getByText("half a thou")).toBeVisible();
  await expect(ana.room("sales")).toHaveCount(0);
  await ana.page.getByRole("button", { name: "Back to rooms" }).click();
  await expect(ana.page.getByRole("heading", { name: "No rooms yet" })).toBeVisible();
  await server.flask("chatrooms", "create", "#sales");
  await ana.enter("sales");
});
