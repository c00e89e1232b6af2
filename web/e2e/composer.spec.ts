import { mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { findings, looks, phone } from "./axe";
import { chips, choose, drop, paste, picture, text } from "./enclosing";
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

test("files come by button, by clipboard and by drop, and one that is too large is named", async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "co-asta");
  await server.room("#files", "co-asta");
  await ana.enter("files");
  const { page } = ana;

  const chooser = page.waitForEvent("filechooser");
  await page.keyboard.press("Control+u");
  const large = join(mkdtempSync(join(tmpdir(), "roomful-e2e-")), "film.mov");
  writeFileSync(large, "");
  truncateSync(large, 151 * 1024 * 1024); // without a byte on the disk
  await (await chooser).setFiles(large);
  await expect(page.getByRole("alert")).toHaveText("film.mov is too large: a file may have 150 MB.");

  await choose(ana, text("notes.txt", "some notes"));
  await expect(chips(page)).toHaveText(["notes.txt10 bytes"]);
  await expect(page.getByRole("alert")).toBeHidden();
  await expect(ana.composer).toBeFocused();
  await drop(ana, "#files", text("quote.txt", "1,000 €"), text("list.csv", "a;b"));
  await expect(chips(page)).toHaveText([/^notes/, /^quote/, /^list/]);
  await page.getByRole("button", { name: "Remove list.csv" }).click();
  await paste(ana, await picture(page, "image.png", 20, 10, "teal"));
  await expect(chips(page)).toHaveText([/^notes/, /^quote/, /^image/]);
  await expect(chips(page).last().getByRole("presentation")).toHaveJSProperty("naturalWidth", 20);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(chips(page)).toHaveCount(0);
  await expect(ana.log.getByRole("list", { name: "Files" }).getByRole("listitem")).toHaveCount(3);
  expect(ana.strays).toEqual([]);
});

test("Enter belongs to the input method while it composes", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "co-aiko");
  await server.room("#ime", "co-aiko");
  await ana.enter("ime");
  const method = await ana.context.newCDPSession(ana.page);
  await method.send("Input.imeSetComposition", { text: "にほん", selectionStart: 3, selectionEnd: 3 });
  await expect(ana.composer).toHaveValue("にほん");
  // As systems tell of a key that the method takes for itself.
  await method.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Enter", windowsVirtualKeyCode: 229 });
  await method.send("Input.dispatchKeyEvent", { type: "keyUp", key: "Enter", windowsVirtualKeyCode: 13 });
  await expect(ana.composer).toHaveValue("にほん");
  await method.send("Input.insertText", { text: "日本" });
  await expect(ana.composer).toHaveValue("日本");
  await ana.page.keyboard.press("Enter");
  await ana.sees("日本");
});

test("a draft survives a reload, with the caret at its end", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "co-agda");
  await server.room("#drafts", "co-agda");
  await ana.enter("drafts");
  await ana.page.keyboard.type("half a thought");
  await ana.page.reload();
  await expect(ana.composer).toHaveValue("half a thought");
  await expect(ana.composer).toBeFocused();
  await ana.page.keyboard.type(", and the rest");
  await expect(ana.composer).toHaveValue("half a thought, and the rest");
});

test("on a phone Enter breaks the line, and every button is large enough for a finger", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "co-abel", phone);
  const bo = await Person.signedUp(browser, server, "co-bjorn");
  await server.room("#phone", "co-abel", "co-bjorn");
  await ana.enter("phone");
  await bo.enter("phone");
  const { page } = ana;
  await expect(ana.composer).not.toBeFocused(); // the keyboard would cover half of the room
  await ana.composer.tap();
  await page.keyboard.type("hi @bj");
  await page.getByRole("option", { name: "co-bjorn" }).tap();
  await expect(ana.composer).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.type("two");
  await expect(ana.composer).toHaveValue("hi @co-bjorn \ntwo");
  await choose(ana, text("notes.txt", "some notes"));
  await expect(chips(page)).toHaveCount(1);
  for (const button of await page.getByRole("form", { name: "Message composer" }).getByRole("button").all()) {
    const box = await button.boundingBox();
    expect(
      Math.min(box?.width ?? 0, box?.height ?? 0),
      await button.getAttribute("aria-label").then(String),
    ).toBeGreaterThanOrEqual(44);
  }
  await page.getByRole("button", { name: "Remove notes.txt" }).tap();
  await page.getByRole("button", { name: "Send" }).tap();
  await expect(bo.log.getByText("two")).toBeVisible();
  await expect(ana.composer).toHaveValue("");
});

for (const [look, options] of looks) {
  test(`axe finds nothing in the composer with a list and files: ${look}`, { tag: "@long" }, async ({
    browser,
    server,
  }) => {
    const ana = await Person.signedUp(browser, server, `co-axe-${look}`, { ...options, bypassCSP: true });
    const bo = await Person.signedUp(browser, server, `co-bo-${look}`);
    await server.room(`#axe-${look}`, `co-axe-${look}`, `co-bo-${look}`);
    await ana.enter(`axe-${look}`);
    const { page } = ana;
    await choose(ana, await picture(page, "image.png", 20, 10, "teal"));
    await expect(chips(page)).toHaveCount(1);
    await ana.composer.click();
    await page.keyboard.type("@");
    await expect(page.getByRole("option", { name: `co-bo-${look}` })).toBeVisible();
    expect(await findings(page)).toEqual([]);
    expect([...ana.strays, ...bo.strays]).toEqual([]);
  });
}

test("emoji come by their short codes, and from the picker at the caret", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "co-anton");
  await server.room("#party", "co-anton");
  await ana.enter("party");
  const { keyboard } = ana.page;
  await keyboard.type("done :tad");
  await expect(ana.page.getByRole("option").first()).toHaveText("🎉:tada:");
  await keyboard.press("Tab");
  await expect(ana.composer).toHaveValue("done 🎉 ");
  await keyboard.type(":tada:");
  await expect(ana.composer).toHaveValue("done 🎉 🎉 ");
  await keyboard.press("Home");
  await keyboard.type("well ");
  await ana.page.getByRole("button", { name: "Insert an emoji" }).click();
  await expect(ana.page.getByRole("searchbox")).toBeFocused();
  await keyboard.type("rocket");
  await ana.page
    .getByRole("dialog")
    .getByRole("gridcell", { name: /rocket/i })
    .first()
    .click();
  await expect(ana.composer).toHaveValue("well 🚀done 🎉 🎉 ");
  await expect(ana.composer).toBeFocused();
  await keyboard.press("Control+z");
  await expect(ana.composer).toHaveValue("well done 🎉 🎉 ");
  expect(ana.strays).toEqual([]);
});

test("step 6: an answer tells the author of what it answers to, unless that is turned off; ↑ edits", async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "co-astrid");
  const bo = await Person.signedUp(browser, server, "co-bruno");
  const sid = await server.room("#answers", "co-astrid", "co-bruno");
  await ana.enter("answers");
  await bo.enter("answers");
  await bo.say("the door sticks");
  const { page } = ana;
  const { keyboard } = page;
  const bar = page.getByRole("form", { name: "Message composer" }).getByText("Replying to co-bruno");
  const reply = async () => {
    await ana.log.getByRole("listitem").filter({ hasText: "the door sticks" }).first().hover();
    await ana.log.getByRole("button", { name: "Reply" }).first().click();
    await expect(bar).toContainText("the door sticks");
    await expect(ana.composer).toBeFocused();
  };
  const sent = async () =>
    (await server.rest(`/v1/Conversations/${sid}/Messages?Order=desc&PageSize=1`)).messages.map(
      ({ body, attributes }: { body: string; attributes: string }) => {
        const { re, m } = JSON.parse(attributes);
        return [body, re?.t, m];
      },
    )[0];

  await reply();
  await keyboard.type("I have a plane");
  await keyboard.press("Enter");
  await expect(bar).toBeHidden();
  await expect.poll(sent).toEqual(["I have a plane", "the door sticks", ["co-bruno"]]);

  await reply();
  await page.getByRole("button", { name: "Tell co-bruno of the reply" }).click();
  await ana.composer.focus();
  await keyboard.type("no hurry");
  await keyboard.press("Enter");
  await expect.poll(sent).toEqual(["no hurry", "the door sticks", undefined]);
  expect(await (await bo.context.request.get(`${server.url}/api/unreads`)).json()).toMatchObject({
    mentions: { [sid]: [1] },
  });

  await reply();
  await keyboard.press("Escape");
  await expect(bar).toBeHidden();
  await keyboard.press("ArrowUp");
  await keyboard.press("Control+Shift+ArrowLeft");
  await keyboard.press("Control+b");
  await keyboard.press("End");
  await keyboard.type(", really");
  await keyboard.press("Enter");
  await expect(bo.log.getByRole("strong")).toHaveText("hurry");
  await expect(bo.log.getByText("no hurry, really")).toBeVisible();
  await expect(ana.composer).toBeFocused();
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});

test("somebody who is not in the room is added from the composer, and told", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "co-anita");
  const hugo = await Person.signedUp(browser, server, "co-hugo");
  const sid = await server.room("#guests", "co-anita");
  await ana.enter("guests");
  await ana.page.keyboard.type("hello @co-hug");
  await expect(ana.page.getByRole("option")).toHaveText([/co-hugo.*not in #guests/]);
  await ana.page.keyboard.press("Enter");
  await ana.page.getByRole("button", { name: "Add to the room" }).click();
  await expect(ana.page.getByText("co-hugo is not in #guests")).toBeHidden();
  await ana.composer.press("Enter");
  await hugo.enter("guests");
  await expect(hugo.log.getByText("hello @co-hugo")).toBeVisible();
  const unreads = async () => (await hugo.context.request.get(`${server.url}/api/unreads`)).json();
  await expect.poll(async () => (await unreads()).mentions[sid]).toHaveLength(1);
  expect([...ana.strays, ...hugo.strays]).toEqual([]);
});
