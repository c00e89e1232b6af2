import { type Browser, expect, type Page } from "@playwright/test";
import { Person } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

let server: Server;
test.beforeAll(({ server: shared }) => {
  server = shared;
});

const day = 86_400_000;

/** Writes `count` messages in the name of bo, `spread` days apart at most, the last one now. */
async function seed(sid: string, count: number, spread = 0, from = 0): Promise<void> {
  const start = Date.now() - spread * day;
  for (let n = 0; n < count; n++) {
    const at = new Date(start + (spread * day * n) / count).toISOString();
    const dated: Record<string, string> = spread ? { DateCreated: at } : {};
    await server.rest(`/v1/Conversations/${sid}/Messages`, { Author: "bo", Body: `entry ${from + n}`, ...dated });
  }
}

const line = (page: Page) => page.getByRole("log").locator("[data-line]");
const indices = (page: Page) =>
  page
    .locator("[data-row][data-index]")
    .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("data-index"))));
/** The room's light in the list is on: something in it is unread. */
const lit = async (person: Person, name: string) => await expect(person.room(name)).toHaveAccessibleName(/unread/i);
const dark = async (person: Person, name: string) =>
  await expect(person.room(name)).not.toHaveAccessibleName(/unread/i);
const latest = (person: Person) => person.page.getByRole("button", { name: /Latest|latest/ });

/** Scrolls to `top`, waits for more rows at that end, and says how far the first row in view has moved meanwhile. */
async function shift(page: Page, top: number): Promise<number> {
  return page.getByRole("log").evaluate(async (log, top) => {
    const all = () => [...log.querySelectorAll<HTMLElement>("[data-row]")];
    const ends = () => `${all()[0]?.dataset.index} ${all().at(-1)?.dataset.index}`;
    const edge = log.getBoundingClientRect().top;
    const before = ends();
    log.scrollTop = top;
    const anchor = all().find((row) => row.getBoundingClientRect().bottom > edge);
    const y = anchor?.getBoundingClientRect().top ?? 0;
    while (ends() === before) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    const after = all().find((row) => row.dataset.index === anchor?.dataset.index);
    return Math.abs((after?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY) - y);
  }, top);
}

async function two(browser: Browser, ...names: [string, string]): Promise<[Person, Person]> {
  return [await Person.signedUp(browser, server, names[0]), await Person.signedUp(browser, server, names[1])];
}

test("steps 3 and 4: a message is unread until it is looked at, in every tab, and its writer sees who has seen it", async ({
  browser,
}) => {
  const [ana, bo] = await two(browser, "ana-reads", "bo-reads");
  await server.room("#sales", "ana-reads", "bo-reads");
  await server.room("#support", "bo-reads");
  await ana.enter("sales");
  await bo.enter("support");
  await expect(ana.log.getByRole("heading", { name: "This is the start of #sales" })).toBeVisible();
  const other = await Person.on(await bo.context.newPage(), server);
  await other.enter("support");

  await ana.composer.fill("hello");
  const shown = await ana.composer.evaluate(async (field) => {
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    await new Promise(requestAnimationFrame);
    return [...document.querySelectorAll("[data-row] p")].at(-1)?.textContent;
  });
  expect(shown, "the row is there in the same frame").toBe("hello");
  await expect(ana.composer).toHaveValue("");
  await expect(ana.composer).toBeFocused();
  await ana.sees("hello");

  for (const tab of [bo, other]) {
    await expect(tab.page).toHaveTitle(/^\(1\) /);
    await lit(tab, "sales");
  }
  await bo.enter("sales");
  await expect(line(bo.page)).toHaveCount(1);
  expect(await line(bo.page).evaluate((row) => row.nextElementSibling?.querySelector("p")?.textContent)).toBe("hello");
  for (const tab of [bo, other]) {
    await expect(tab.page).not.toHaveTitle(/^\(1\) /);
    await dark(tab, "sales");
  }
  await ana.log.getByRole("button", { name: "Seen by bo-reads" }).click();
  await expect(ana.page.getByRole("dialog", { name: "Seen by" }).getByText("bo-reads")).toBeVisible();
  await ana.page.keyboard.press("Escape");

  await expect(line(bo.page), "the line stands while the horizon moves on").toHaveCount(1);
  await bo.say("hi");
  await expect(line(bo.page)).toHaveCount(0);
  await expect(line(ana.page), "what one reads at once needs no line").toHaveCount(0);
  await expect(ana.log.getByText("Seen by")).toHaveCount(1);
});

test("step 5: who types is seen, and the line keeps its height", async ({ browser }) => {
  const [cleo, dan] = await two(browser, "cleo", "dan");
  await server.room("#typing", "cleo", "dan");
  await cleo.enter("typing");
  await dan.enter("typing");
  const typing = cleo.page.getByTestId("typing");
  const height = (await typing.boundingBox())?.height;
  await dan.composer.pressSequentially("he");
  await expect(typing).toHaveText("dan is typing…", { timeout: 3_000 });
  expect((await typing.boundingBox())?.height).toBe(height);
  await expect(typing).toHaveText("", { timeout: 8_000 });
});

test("a long room opens where reading goes on, and is read by scrolling, by Esc or by the bar", {
  tag: "@long",
}, async ({ browser }) => {
  const eve = await Person.signedUp(browser, server, "eve");
  const sid = await server.room("#long", "eve");
  await server.room("#elsewhere", "eve");
  await seed(sid, 3);
  await lit(eve, "long"); // until its count is known it is dark, too
  await eve.enter("long");
  await dark(eve, "long");
  await eve.enter("elsewhere");
  await seed(sid, 120, 0, 3);
  await lit(eve, "long");
  await eve.page.reload(); // what arrived is not in memory any more
  await lit(eve, "long");
  await eve.enter("long");

  await expect(eve.log.getByText("entry 3", { exact: true })).toBeInViewport();
  const box = await eve.log.boundingBox();
  const mark = await line(eve.page).boundingBox();
  expect(((mark?.y ?? 0) - (box?.y ?? 0)) / (box?.height ?? 1)).toBeLessThan(0.4);
  const bar = eve.page.getByRole("region", { name: "New messages" });
  await expect(bar).toContainText("120 new since");
  await expect(eve.log.getByText("entry 122", { exact: true })).toHaveCount(0);
  await latest(eve).click();
  await expect(eve.log.getByText("entry 122", { exact: true })).toBeInViewport();
  await dark(eve, "long");

  await eve.log.getByText("entry 110", { exact: true }).hover();
  await eve.page.getByRole("button", { name: "Message actions" }).click();
  await eve.page.getByRole("menuitem", { name: /Mark unread from here/ }).click();
  await lit(eve, "long");
  expect(await line(eve.page).evaluate((row) => row.nextElementSibling?.querySelector("p")?.textContent)).toBe(
    "entry 110",
  );
  await eve.page.keyboard.press("Escape");
  await expect(line(eve.page)).toHaveCount(0);
  await dark(eve, "long");
});

test("steps 14 and 15: three hundred messages are read both ways without a jump, by date and by link", async ({
  browser,
}) => {
  const [fiona, gus] = await two(browser, "fiona", "gus");
  const sid = await server.room("#archive", "fiona", "gus");
  await seed(sid, 300, 60);
  await fiona.enter("archive");
  await expect(fiona.log.getByText("entry 299", { exact: true })).toBeInViewport();
  expect((await indices(fiona.page)).length).toBe(40);
  while ((await indices(fiona.page))[0] !== 0) expect(await shift(fiona.page, 300)).toBeLessThanOrEqual(1);
  const known = await indices(fiona.page);
  expect(known).toEqual(known.map((_, n) => n));
  expect(known.length).toBe(300);
  expect(await fiona.page.locator("[data-row]").count()).toBeLessThanOrEqual(400);
  await fiona.log.evaluate((log) => log.scrollTo(0, 0));
  await expect(fiona.log.getByRole("heading", { name: "This is the start of #archive" })).toBeInViewport();

  await gus.enter("archive");
  const place = await fiona.log.evaluate((log) => log.scrollTop);
  for (const text of ["news 1", "news 2", "news 3"]) await gus.say(text);
  const button = fiona.page.getByRole("button", { name: "3 new messages" });
  await expect(button).toBeVisible();
  expect(await fiona.log.evaluate((log) => log.scrollTop)).toBe(place);
  await button.click();
  await expect(fiona.log.getByText("news 3", { exact: true })).toBeInViewport();
  await expect(button).toHaveCount(0);
  await expect(fiona.page.getByRole("button", { name: /new messages|latest/i })).toHaveCount(0);

  await fiona.page.goto(`${server.url}/r/${sid}/m/42`);
  const asked = fiona.log.getByText("entry 42", { exact: true });
  await expect(asked).toBeInViewport();
  const [log, row] = [await fiona.log.boundingBox(), await asked.boundingBox()];
  const middle = (row?.y ?? 0) + (row?.height ?? 0) / 2 - (log?.y ?? 0);
  expect(Math.abs(middle / (log?.height ?? 1) - 0.5)).toBeLessThan(0.1);
  expect(await shift(fiona.page, 100)).toBeLessThanOrEqual(1);
  expect(await shift(fiona.page, 1e6)).toBeLessThanOrEqual(1);

  await fiona.log
    .getByRole("button", { name: /Jump to a date/ })
    .first()
    .click();
  const dialog = fiona.page.getByRole("dialog", { name: "Jump to a date" });
  await dialog.getByRole("button", { name: "Last week" }).click();
  await expect(dialog).toHaveCount(0);
  const first = await fiona.log.evaluate((element) => {
    const top = element.getBoundingClientRect().top + element.clientHeight / 3;
    const rows = [...element.querySelectorAll<HTMLElement>("[data-row]")];
    return rows.find((item) => item.getBoundingClientRect().bottom > top)?.querySelector("time")?.dateTime;
  });
  expect(Math.abs(Date.now() - 7 * day - Date.parse(first ?? ""))).toBeLessThan(1.1 * day);
  await latest(fiona).click();
  await expect(fiona.log.getByText("news 3", { exact: true })).toBeInViewport();
  expect(fiona.strays).toEqual([]);
});

test("a room is found again where it was left", async ({ browser }) => {
  const kim = await Person.signedUp(browser, server, "kim");
  const sid = await server.room("#place", "kim");
  await server.room("#aside", "kim");
  await seed(sid, 80);
  await lit(kim, "place");
  await kim.enter("place");
  await dark(kim, "place");
  // All of it is there, so nothing comes any more that would move what is measured.
  await expect(async () => {
    await kim.log.evaluate((log) => log.scrollTo(0, 0));
    await expect(kim.log.getByRole("heading", { name: "This is the start of #place" })).toBeInViewport({
      timeout: 500,
    });
  }).toPass();
  await kim.log.evaluate((log) => log.scrollTo(0, log.scrollHeight - 1500));
  const top = () => kim.log.getByText("entry 50", { exact: true }).evaluate((row) => row.getBoundingClientRect().top);
  const before = await top();
  await kim.enter("aside");
  await kim.enter("place");
  expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(1);
  await kim.enter("aside");
  await server.rest(`/v1/Conversations/${sid}/Messages`, { Author: "bo", Body: "meanwhile" });
  await lit(kim, "place");
  await kim.enter("place");
  await expect(kim.log.getByText("meanwhile")).toBeInViewport();
  await expect(line(kim.page)).toHaveCount(1);
});

test("a link to a deleted message leads to its neighbour, and says so", async ({ browser }) => {
  const hugo = await Person.signedUp(browser, server, "hugo");
  const sid = await server.room("#gone", "hugo");
  await seed(sid, 60);
  await server.remove(sid, 20);
  await hugo.enter("gone");
  await hugo.page.goto(`${server.url}/r/${sid}/m/20`);
  await expect(hugo.log.getByText("entry 21", { exact: true })).toBeInViewport();
  await expect(hugo.page.getByText("That message was deleted.")).toBeVisible();
});

test("what happens to a room is told in the reader's words", async ({ browser }) => {
  const ida = await Person.signedUp(browser, server, "ida");
  const sid = await server.room("#notes", "ida");
  await ida.enter("notes");
  const tell = (sys: object, body: string) =>
    server.rest(`/v1/Conversations/${sid}/Messages`, {
      Author: "system",
      Body: body,
      Attributes: JSON.stringify({ v: 1, sys }),
    });
  await tell({ type: "renamed", by: "ida", from: "#notes", to: "#note{by}s" }, "renamed");
  await tell({ type: "dance", by: "ida" }, "ida danced");
  await expect(ida.log.getByText("ida renamed the room from #notes to #note{by}s")).toBeVisible();
  await expect(ida.log.getByText("ida danced")).toBeVisible();
});

test("messages are walked through and marked by keyboard", async ({ browser }) => {
  const jo = await Person.signedUp(browser, server, "jo");
  const sid = await server.room("#keys", "jo");
  await seed(sid, 20);
  await jo.enter("keys");
  await jo.page.keyboard.press("Escape");
  await expect(jo.log.getByText("entry 19", { exact: true })).toBeInViewport();
  await jo.log.focus();
  await jo.page.keyboard.press("ArrowUp");
  await jo.page.keyboard.press("ArrowUp");
  await expect(jo.log.getByRole("article", { name: /entry 18/ })).toBeFocused();
  await jo.page.keyboard.press("u");
  await expect(line(jo.page)).toHaveCount(1);
  await lit(jo, "keys");
  await jo.page.keyboard.press("Shift+Escape");
  await expect(line(jo.page)).toHaveCount(0);
  await dark(jo, "keys");
});
