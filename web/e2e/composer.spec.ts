import { expect } from "@playwright/test";
import { Person } from "./person";
import { test } from "./stage";

test("somebody is mentioned by the keyboard alone", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "co-ana");
  const bo = await Person.signedUp(browser, server, "co-bo");
  await server.room("#mentions", "co-ana", "co-bo");
  await ana.enter("mentions");
  await bo.enter("mentions");
  await ana.page.keyboard.type("morning @co-");
  await expect(ana.page.getByRole("option", { name: "co-bo" })).toBeVisible();
  await ana.page.keyboard.press("Enter");
  await expect(ana.composer).toHaveValue("morning @co-bo ");
  await ana.page.keyboard.type("and all");
  await ana.page.keyboard.press("Enter");
  await bo.sees("morning @co-bo and all");
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});

test("what is selected gets marks, and Ctrl+Z takes back each step", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "co-alma");
  await server.room("#formats", "co-alma");
  await ana.enter("formats");
  const { keyboard } = ana.page;
  await keyboard.type("read this");
  await keyboard.press("Control+Shift+ArrowLeft");
  await keyboard.press("Control+b");
  await expect(ana.composer).toHaveValue("read **this**");
  await keyboard.press("Control+i");
  await expect(ana.composer).toHaveValue("read **_this_**");
  await keyboard.press("Control+Shift+x");
  await expect(ana.composer).toHaveValue("read **_~~this~~_**");
  for (const before of ["read **_this_**", "read **this**", "read this"]) {
    await keyboard.press("Control+z");
    await expect(ana.composer).toHaveValue(before);
  }
  await keyboard.press("Control+e");
  await expect(ana.composer).toHaveValue("read `this`");
  await keyboard.press("Control+e");
  await expect(ana.composer).toHaveValue("read this");
});
