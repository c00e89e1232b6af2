import { expect } from "@playwright/test";
import { Person } from "./person";
import { test } from "./stage";

test("people in the room and who types are seen live", async ({ browser, serve }) => {
  const server = await serve();
  await server.createRoom("#lobby");
  const ana = await Person.open(browser, server);
  await ana.signUp("ana", "Ana Ribeiro");
  await ana.enter("lobby");
  const people = ana.page.getByRole("complementary", { name: "People in #lobby" });
  await expect(people.getByText("Ana Ribeiro")).toBeVisible();

  const bo = await Person.open(browser, server);
  await bo.signUp("bo", "Bo Lindqvist");
  await expect(people.getByText("Bo Lindqvist")).toBeVisible();
  await expect(ana.page.getByRole("button", { name: "2 people" })).toBeVisible();

  await bo.enter("lobby");
  const line = ana.page.getByTestId("typing");
  const height = (await line.boundingBox())?.height;
  await bo.composer.pressSequentially("he");
  await expect(line).toHaveText("Bo Lindqvist is typing…", { timeout: 3_000 });
  expect((await line.boundingBox())?.height).toBe(height);
  await expect(line).toHaveText("", { timeout: 10_000 });

  await ana.page.getByRole("button", { name: "Close" }).click();
  await expect(people).toHaveCount(0);
});

test("older messages come by scrolling up, and the row in view does not move", async ({ browser, server }) => {
  const sid = await server.room("#archive");
  for (let index = 0; index < 120; index++) {
    await server.rest(`/v1/Conversations/${sid}/Messages`, {
      Author: index % 7 ? "ana" : "bo",
      Body: `entry ${index}`,
    });
  }
  const eve = await Person.signedUp(browser, server, "elder");
  await server.join(sid, "elder");
  await eve.enter("archive");
  await expect(eve.log.getByText("entry 119", { exact: true })).toBeInViewport();
  const rows = eve.log.locator("li[data-row]");

  /** Scrolls up to where the next page is asked for, and says how far the first row in view has moved when it is there. */
  const shift = () =>
    eve.log.evaluate(async (log) => {
      const all = () => [...log.querySelectorAll<HTMLElement>("li[data-row]")];
      const before = all().length;
      log.scrollTop = 300;
      const top = log.getBoundingClientRect().top;
      const anchor = all().find((row) => row.getBoundingClientRect().bottom > top);
      const text = anchor?.querySelector("p")?.textContent;
      const y = anchor?.getBoundingClientRect().top ?? 0;
      while (all().length === before) await new Promise(requestAnimationFrame);
      await new Promise(requestAnimationFrame);
      const after = all().find((row) => row.querySelector("p")?.textContent === text);
      return Math.abs((after?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY) - y);
    });
  await expect(rows).toHaveCount(40);
  expect(await shift()).toBeLessThanOrEqual(1);
  expect(await shift()).toBeLessThanOrEqual(1);
  await expect(rows).toHaveCount(120);
  expect(await eve.texts()).toEqual(Array.from({ length: 120 }, (_, index) => `entry ${index}`));
  await eve.log.evaluate((log) => {
    log.scrollTop = 0;
  });
  await expect(eve.log.getByRole("heading", { name: "This is the start of #archive" })).toBeInViewport();

  for (const body of ["news 1", "news 2"]) {
    await server.rest(`/v1/Conversations/${sid}/Messages`, { Author: "bo", Body: body });
  }
  const jump = eve.page.getByRole("button", { name: "2 new messages" });
  await expect(jump).toBeVisible();
  expect(await eve.log.evaluate((log) => log.scrollTop)).toBe(0);
  await jump.click();
  await expect(eve.log.getByText("news 2")).toBeInViewport();
  await expect(jump).toHaveCount(0);
  await server.rest(`/v1/Conversations/${sid}/Messages`, { Author: "bo", Body: "news 3" });
  await expect(eve.log.getByText("news 3")).toBeInViewport();
});

test("drafts stay with their room", async ({ browser, server }) => {
  const person = await Person.signedUp(browser, server, "farid");
  await server.room("#one", "farid");
  await server.room("#two", "farid");
  await person.enter("one");
  await person.composer.fill("for one");
  await person.enter("two");
  await expect(person.composer).toHaveValue("");
  await expect(person.composer).toBeFocused();
  await expect(person.room("one Draft")).toBeVisible();
  await person.enter("one");
  await expect(person.composer).toHaveValue("for one");
  await person.composer.pressSequentially(", typed on");
  await person.page.reload();
  await expect(person.composer).toHaveValue("for one, typed on");
  await person.say("sent");
  await person.sees("sent");
  await person.page.reload();
  await person.sees("sent");
  await expect(person.composer).toHaveValue("");
});

test("on a phone there is one pane at a time, and the button sends", async ({ browser, server }) => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const grace = await Person.signedUp(browser, server, "grace", phone);
  await server.room("#pocket", "grace");
  await expect(grace.page.getByRole("main")).toBeHidden();
  await grace.room("pocket").tap();
  await expect(grace.rooms).toBeHidden();
  await grace.composer.fill("line one");
  await grace.composer.press("Enter");
  await grace.composer.pressSequentially("line two");
  await grace.page.getByRole("button", { name: "Send" }).tap();
  await grace.sees("line one\nline two");
  await grace.page.getByRole("link", { name: "Back to rooms" }).tap();
  await expect(grace.rooms).toBeVisible();
  await expect(grace.page.getByRole("main")).toBeHidden();
});
