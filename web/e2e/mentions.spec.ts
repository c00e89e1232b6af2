import { type BrowserContext, expect, type Page } from "@playwright/test";
import { Person } from "./person";
import { test } from "./stage";

interface Popup {
  title: string;
  body: string;
  tag: string;
}

/** The browser's own part of notifications cannot be seen without a screen, so the page's is: what it asks it to show. */
async function record(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const popups: (Popup & { press: () => void })[] = [];
    let permission: NotificationPermission = "default";
    class Recorder {
      onclick = () => {};
      onclose = () => {};
      static get permission() {
        return permission;
      }
      static async requestPermission() {
        permission = "granted";
        return permission;
      }
      constructor(title: string, { body = "", tag = "" }: NotificationOptions) {
        popups.push({ title, body, tag, press: () => this.onclick() });
      }
      close() {
        this.onclose();
      }
    }
    Object.assign(window, { Notification: Recorder, popups });
  });
}

type Recording = { popups: (Popup & { press: () => void })[] };
const popups = (page: Page) =>
  page.evaluate(() => (window as unknown as Recording).popups.map(({ title, body, tag }) => ({ title, body, tag })));
const press = (page: Page) => page.evaluate(() => (window as unknown as Recording).popups.at(-1)?.press());

/** The page is behind others. */
async function lookAway(page: Page): Promise<void> {
  await page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  });
}

async function turnOn(person: Person): Promise<void> {
  await person.openAccountMenu();
  await person.page.getByRole("menuitem", { name: "Settings" }).click();
  await person.page.getByRole("link", { name: "Notifications" }).click();
  await person.page.getByText("Notifications in this browser").click();
  await expect(person.page.getByRole("switch", { name: /Notifications in this browser/ })).toBeChecked();
}

test("step 9: who is mentioned by keyboard sees the number, and is led to the message by a notification", async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "mn-ana");
  const bo = await Person.signedUp(browser, server, "mn-bo");
  await record(bo.context);
  await bo.page.reload();
  await server.room("#mn-sales", "mn-ana", "mn-bo");
  const support = await server.room("#mn-support", "mn-ana", "mn-bo");
  await turnOn(bo);
  await bo.enter("mn-sales");
  await ana.enter("mn-support");
  await lookAway(bo.page);

  await ana.composer.pressSequentially("can you look, @mn-b");
  await expect(ana.page.getByRole("option", { name: /mn-bo/ })).toBeVisible();
  await ana.page.keyboard.press("Enter");
  await expect(ana.composer).toHaveValue("can you look, @mn-bo ");
  await ana.page.keyboard.press("Enter");
  await expect(bo.room("mn-support")).toHaveAccessibleName(/1 mention/);
  await expect
    .poll(() => popups(bo.page))
    .toEqual([{ title: "mn-ana in #mn-support", body: "can you look, @mn-bo", tag: support }]);
  await press(bo.page);
  await expect(bo.page).toHaveURL(`${server.url}/r/${support}/m/0`);
  await expect(bo.log.getByText("can you look")).toBeVisible();
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});

test("mentions are counted anew from the server after a reload, and again when marked unread", {
  tag: "@long",
}, async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "mr-ana");
  const bo = await Person.signedUp(browser, server, "mr-bo");
  const sid = await server.room("#mr-desk", "mr-ana", "mr-bo");
  await ana.enter("mr-desk");
  for (const text of ["@mr-bo one", "nothing", "@room two"]) await ana.say(text);
  await expect(bo.room("mr-desk")).toHaveAccessibleName(/2 mentions/);
  await expect
    .poll(async () => (await (await bo.context.request.get(`${server.url}/api/unreads`)).json()).mentions)
    .toEqual({ [sid]: [0, 2] });
  await bo.page.reload();
  await expect(bo.room("mr-desk")).toHaveAccessibleName(/2 mentions/);
  await bo.enter("mr-desk");
  await expect(bo.room("mr-desk")).not.toHaveAccessibleName(/mention/);
  await bo.log.getByRole("article", { name: /two/ }).focus();
  await bo.page.keyboard.press("u");
  await expect(bo.room("mr-desk")).toHaveAccessibleName(/1 mention/);
});

test("a room can be made to tell of everything, or of nothing but mentions; it is offered once to be told", {
  tag: "@long",
}, async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "ml-ana");
  const bo = await Person.signedUp(browser, server, "ml-bo");
  await record(bo.context);
  await bo.page.reload();
  await server.room("#ml-lamp", "ml-ana", "ml-bo");
  await server.room("#ml-desk", "ml-ana", "ml-bo");
  await bo.enter("ml-lamp");
  await bo.roomMenu("All messages");
  await bo.enter("ml-desk");
  await ana.enter("ml-lamp");
  await ana.say("first");
  const offer = bo.page.getByRole("complementary", { name: "Notifications" });
  await expect(offer).toBeVisible();
  await offer.getByRole("button", { name: "Turn on notifications" }).click();
  await expect(offer).toHaveCount(0);
  await ana.say("second");
  await expect.poll(() => popups(bo.page)).toMatchObject([{ body: "second" }]);
  await bo.enter("ml-lamp");
  await bo.roomMenu("Nothing (mute)");
  await expect(bo.room("ml-lamp")).toHaveAccessibleName(/Muted/);
  await bo.enter("ml-desk");
  await ana.say("@ml-bo third");
  await expect(bo.room("ml-lamp")).toHaveAccessibleName(/1 mention/);
  await ana.enter("ml-desk");
  await ana.say("@ml-bo in the open room");
  await bo.sees("@ml-bo in the open room");
  await expect.poll(() => popups(bo.page)).toMatchObject([{ body: "second" }]);
});
