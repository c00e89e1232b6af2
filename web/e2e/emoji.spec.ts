import { expect } from "@playwright/test";
import { findings, looks, phone } from "./axe";
import { Person } from "./person";
import { test } from "./stage";

test("emoji are searched, picked by the arrows, and remembered with their skin tone", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "emma");
  await server.room("#faces", "emma");
  await ana.enter("faces");
  const { page } = ana;
  const button = page.getByRole("button", { name: "Insert an emoji" });
  const picker = page.getByRole("dialog", { name: "Pick an emoji" });
  const search = picker.getByRole("searchbox", { name: "Search emoji" });

  await button.click();
  await expect(search).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(picker).toHaveCount(0);
  await expect(button).toBeFocused();

  await page.keyboard.press("Enter");
  await expect(search).toBeFocused();
  await picker.getByRole("button", { name: "Skin tone: none" }).click();
  await expect(picker.getByRole("button", { name: "Skin tone: light" })).toBeVisible();
  await search.fill("waving hand");
  await expect(picker.getByRole("gridcell", { name: "waving hand" })).toHaveText("👋🏻");
  await page.keyboard.press("Enter");
  await expect(picker).toHaveCount(0);
  await expect(ana.composer).toHaveValue("👋🏻");

  await button.click();
  await expect(picker.getByRole("group", { name: "Used lately" }).getByRole("button").first()).toHaveText("👋🏻");
  await search.fill("no such thing");
  await expect(picker.getByText("No emoji is called that.")).toBeVisible();
  await search.fill("");
  await expect(picker.getByRole("gridcell").first()).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  const active = picker.locator("[aria-selected=true]");
  await expect(active).toHaveText("😃");
  await page.keyboard.press("ArrowDown");
  await expect(active).not.toHaveText("😃");
  await expect(active).toBeInViewport();
  await page.keyboard.press("Escape");
  expect(ana.strays).toEqual([]);
});

test("on a phone the emoji come from below, and a tap picks one", { tag: "@long" }, async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "emil", phone);
  await server.room("#thumbs", "emil");
  await ana.enter("thumbs");
  await ana.page.getByRole("button", { name: "Insert an emoji" }).tap();
  const picker = ana.page.getByRole("dialog", { name: "Pick an emoji" });
  const cell = picker.getByRole("gridcell").first();
  await expect(cell).toBeVisible();
  const box = await picker.boundingBox();
  expect(box?.x).toBe(0);
  expect(box?.width).toBe(phone.viewport.width);
  expect((await cell.boundingBox())?.width).toBeGreaterThanOrEqual(44);
  await cell.tap();
  await expect(picker).toHaveCount(0);
  await expect(ana.composer).toHaveValue("😀");
});

test("the picker says that it could not be loaded, and tries again", { tag: "@long" }, async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "ella");
  await server.room("#offline", "ella");
  await ana.enter("offline");
  const files = "**/assets/EmojiPicker-*.js";
  await ana.page.route(files, (route) => route.abort());
  await ana.page.getByRole("button", { name: "Insert an emoji" }).click();
  await expect(ana.page.getByText("The emoji could not be loaded.")).toBeVisible();
  await ana.page.unroute(files);
  await ana.page.getByRole("dialog").getByRole("button", { name: "Retry" }).click();
  await expect(ana.page.getByRole("gridcell").first()).toBeVisible();
});

test("Enter waits for the list, when somebody types faster than it comes", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "evie");
  await server.room("#quick", "evie");
  await ana.enter("quick");
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await ana.page.route("**/assets/_virtual_emoji-*.js", async (route) => {
    await held;
    await route.continue();
  });
  await ana.page.getByRole("button", { name: "Insert an emoji" }).click();
  await expect(ana.page.getByRole("searchbox", { name: "Search emoji" })).toBeFocused();
  await ana.page.keyboard.type("tada");
  await ana.page.keyboard.press("Enter");
  release();
  await expect(ana.composer).toHaveValue("🎉");
});

for (const [name, options] of looks) {
  test(`the picker and formatted texts have nothing that axe minds (${name})`, { tag: "@long" }, async ({
    browser,
    server,
  }) => {
    const reader = `axe.of.emoji.${name}`;
    const ana = await Person.signedUp(browser, server, reader, { ...options, bypassCSP: true });
    const sid = await server.room(`#picked ${name}`, reader);
    const body =
      "**b** *i* ~~s~~ `c` https://example.com @everybody\n\n# head\n- one\n\n> said\n\n```py\ndef a(): # b\n  return 'c', 1\n```";
    await server.rest(`/v1/Conversations/${sid}/Messages`, { Author: "bo", Body: body });
    await ana.enter(`picked ${name}`);
    await expect(ana.log.locator("pre span").first()).toBeAttached(); // the colours are there
    expect(await findings(ana.page)).toEqual([]);
    await ana.page.getByRole("button", { name: "Insert an emoji" }).click();
    await expect(ana.page.getByRole("gridcell").first()).toBeVisible();
    expect(await findings(ana.page)).toEqual([]);
  });
}
