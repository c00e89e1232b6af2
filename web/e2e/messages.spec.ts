import { type Browser, expect, type Locator } from "@playwright/test";
import { Client } from "@twilio/conversations";
import { findings, looks, phone } from "./axe";
import { Person } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

/** Two people in a room of their own, which both have open. */
async function pair(browser: Browser, server: Server, name: string): Promise<[Person, Person, string]> {
  const ana = await Person.signedUp(browser, server, `${name}-ana`);
  const bo = await Person.signedUp(browser, server, `${name}-bo`);
  const sid = await server.room(`#${name}`, `${name}-ana`, `${name}-bo`);
  await ana.enter(name);
  await bo.enter(name);
  return [ana, bo, sid];
}

const row = (person: Person, said: string | RegExp): Locator => person.log.getByRole("article", { name: said });
const focused = (locator: Locator) => expect(locator).toBeFocused();

async function act(person: Person, of: Locator, item: string): Promise<void> {
  await of.hover();
  await person.log.getByRole("button", { name: "Message actions" }).click();
  await person.page.getByRole("menuitem", { name: item }).click();
}

/** From the composer back to the message that was written last. */
async function toLastRow(person: Person): Promise<void> {
  await person.log.focus();
  await person.page.keyboard.press("ArrowUp");
}

test("step 6: an answer shows what it answers to, its marks and its code, and leads back", async ({
  browser,
  server,
}) => {
  const [ana, bo] = await pair(browser, server, "ms-answer");
  await ana.say("hello");
  for (let n = 0; n < 25; n++) await ana.say(`line ${n}`);
  await expect(row(bo, /line 24$/)).toBeVisible();
  await row(bo, /hello$/).scrollIntoViewIfNeeded();
  await act(bo, row(bo, /hello$/), "Reply");
  await expect(bo.page.getByText("Replying to ms-answer-ana")).toBeVisible();
  await bo.say("**bold** and `code`\n```python\ndef f():\n    return 1\n```");
  const answer = row(ana, /bold/);
  await expect(answer.locator("strong")).toHaveText("bold");
  await expect(answer.locator("p code")).toHaveText("code");
  await expect(answer.locator("pre")).toHaveText(/def f\(\):\s+return 1/);
  await expect(answer.locator("pre span", { hasText: /^return$/ })).toBeVisible(); // the colours have come
  const quote = answer.getByRole("button", { name: "Answer to ms-answer-ana: hello" });
  await quote.click();
  await expect(row(ana, /hello$/)).toBeInViewport();
  await expect(ana.page).toHaveURL(/\/m\/0$/);

  await bo.say("<img src=x onerror=alert(1)> [x](javascript:alert(1))");
  const hostile = row(ana, /onerror/);
  await expect(hostile).toContainText("<img src=x onerror=alert(1)> [x](javascript:alert(1))");
  await expect(hostile.locator("img, a")).toHaveCount(0);

  await act(ana, row(ana, /hello$/), "Delete");
  await ana.page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await expect(row(bo, /hello$/)).toHaveCount(0, { timeout: 10_000 });
  await answer.scrollIntoViewIfNeeded();
  await expect(row(bo, /bold/).getByText("hello")).toBeVisible(); // what it answered to is still said
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});

test("step 7: two react at the same moment, and both are counted; a key takes it back", async ({ browser, server }) => {
  const [ana, bo] = await pair(browser, server, "ms-react");
  await ana.say("shall we?");
  for (const person of [ana, bo]) {
    await expect(row(person, /shall we/)).toBeVisible();
    await row(person, /shall we/).hover();
  }
  await Promise.all([ana, bo].map((person) => person.log.getByRole("button", { name: "React with 👍" }).click()));
  for (const person of [ana, bo]) {
    const pill = row(person, /shall we/).getByRole("button", { name: "👍 2, you reacted" });
    await expect(pill).toHaveAttribute("aria-pressed", "true");
    await expect(pill).toHaveAttribute("title", /^You and ms-react-(ana|bo) reacted with 👍$/);
  }
  const pill = row(bo, /shall we/).getByRole("button", { name: /^👍/ });
  await pill.focus();
  await bo.page.keyboard.press("Enter");
  for (const person of [ana, bo])
    await expect(row(person, /shall we/).getByRole("button", { name: "👍 1" })).toBeVisible();
  await expect(pill).toHaveAttribute("aria-pressed", "false");
  await ana.page.reload();
  await expect(row(ana, /shall we/).getByRole("button", { name: "👍 1, you reacted" })).toBeVisible();
});

test("step 8: one edits and deletes one's own messages, and can take a deletion back", async ({ browser, server }) => {
  const [ana, bo] = await pair(browser, server, "ms-edit");
  await ana.say("the frist");
  await ana.say("the second");
  await bo.sees("the frist", "the second");
  await ana.composer.press("ArrowUp");
  const box = ana.page.getByRole("textbox", { name: "Text of the message" });
  await focused(box);
  await ana.page.keyboard.press("Escape");
  await expect(box).toHaveCount(0);
  await act(ana, row(ana, /frist/), "Edit");
  await box.fill("the first");
  await ana.page.keyboard.press("Escape");
  await ana.page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }).click();
  await expect(box).toHaveValue("the first");
  await box.press("Enter");
  await bo.sees("the first", "the second");
  await expect(row(bo, /the first/).getByText("(edited)")).toHaveAttribute("title", /\d{4}/);

  for (const undo of [true, false]) {
    await act(ana, row(ana, /the second/), "Delete");
    const dialog = ana.page.getByRole("alertdialog", { name: "Delete this message?" });
    await expect(dialog).toContainText("the second");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await expect(row(ana, /the second/)).toHaveCount(0);
    if (undo) await ana.page.getByRole("button", { name: "Undo" }).click();
    if (undo) await expect(row(ana, /the second/)).toBeVisible();
  }
  await expect(row(bo, /the second/)).toHaveCount(0, { timeout: 10_000 });
  await row(bo, /the first/).hover();
  await bo.log.getByRole("button", { name: "Message actions" }).click();
  await expect(bo.page.getByRole("menuitem", { name: "Copy text" })).toBeVisible();
  await expect(bo.page.getByRole("menuitem", { name: /Edit|Delete/ })).toHaveCount(0); // it is not theirs
});

test("a message that was deleted as the page closed is deleted", { tag: "@long" }, async ({ browser, server }) => {
  const [ana, bo] = await pair(browser, server, "ms-close");
  await ana.say("regretted");
  await bo.sees("regretted");
  await row(ana, /regretted/).focus();
  await ana.page.keyboard.press("Shift+Delete"); // asks nothing
  await expect(row(ana, /regretted/)).toHaveCount(0);
  await ana.page.close({ runBeforeUnload: true });
  await expect(row(bo, /regretted/)).toHaveCount(0);
});

test("step 19: steps 6 to 8 by keyboard alone", async ({ browser, server }) => {
  const [ana, bo] = await pair(browser, server, "ms-keys");
  const { keyboard } = ana.page;
  await bo.say("hello");
  await expect(row(ana, /hello/)).toBeVisible();
  await focused(ana.composer);
  await toLastRow(ana);
  await focused(row(ana, /hello/));
  await keyboard.press("r");
  await focused(ana.composer);
  await keyboard.type("an _answer_");
  await keyboard.press("Enter");
  await expect(row(bo, /answer/).getByRole("button", { name: "Answer to ms-keys-bo: hello" })).toBeVisible();
  await expect(row(bo, /answer/).locator("em")).toHaveText("answer");

  await toLastRow(ana);
  await keyboard.press("ArrowUp");
  await focused(row(ana, /hello/));
  await keyboard.press("+");
  await focused(ana.page.getByRole("searchbox", { name: /emoji/i }));
  await keyboard.type("tada");
  await keyboard.press("Enter");
  await expect(row(bo, /hello/).getByRole("button", { name: "🎉 1" })).toBeVisible();
  await focused(row(ana, /hello/));
  await keyboard.press("p");
  await expect(bo.page.getByRole("button", { name: "1 pinned message" })).toBeVisible();
  await keyboard.press("ArrowDown");
  await keyboard.press("e");
  await keyboard.type(" of mine");
  await keyboard.press("Enter");
  await expect(row(bo, /answer/)).toContainText("of mine(edited)");
  await focused(row(ana, /of mine/));
  await keyboard.press("Delete");
  await focused(ana.page.getByRole("alertdialog").getByRole("button", { name: "Cancel" }));
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await expect(row(ana, /of mine/)).toHaveCount(0);
  await expect(row(bo, /of mine/)).toHaveCount(0, { timeout: 10_000 });
});

test("on a phone a finger that stays on a message opens what one can do with it", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "ms-hand-ana", phone);
  const bo = await Person.signedUp(browser, server, "ms-hand-bo");
  const sid = await server.room("#ms-hand", "ms-hand-ana", "ms-hand-bo");
  await bo.enter("ms-hand");
  await bo.say("press me");
  await ana.page.goto(`${server.url}/r/${sid}`);
  await expect(row(ana, /press me/)).toBeVisible();
  const sheet = ana.page.getByRole("dialog", { name: "Message actions" });
  const finger = await ana.context.newCDPSession(ana.page);
  const stay = async () => {
    const box = await row(ana, /press me/).boundingBox();
    const touchPoints = [{ x: (box?.x ?? 0) + 150, y: (box?.y ?? 0) + 40 }];
    await finger.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints });
    await expect(sheet).toBeVisible();
    await finger.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  await stay();
  await sheet.getByRole("button", { name: "React with ❤️" }).tap();
  await expect(row(bo, /press me/).getByRole("button", { name: "❤️ 1" })).toBeVisible();
  await expect(sheet).toHaveCount(0);
  await stay();
  await sheet.getByRole("button", { name: "Reply" }).tap();
  await ana.composer.fill("from a phone");
  await ana.page.getByRole("button", { name: "Send" }).tap();
  await expect(row(bo, /from a phone/).getByRole("button", { name: "Answer to ms-hand-bo: press me" })).toBeVisible();
});

test("pinned messages are listed for everybody, and lead to their place", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const [ana, bo] = await pair(browser, server, "ms-pins");
  await ana.say("the **plan**");
  for (let n = 0; n < 25; n++) await ana.say(`line ${n}`);
  await expect(row(bo, /line 24$/)).toBeVisible();
  await act(ana, row(ana, /plan/), "Pin");
  const button = bo.page.getByRole("button", { name: "1 pinned message" });
  await button.click();
  const list = bo.page.getByRole("dialog", { name: "1 pinned message" });
  await expect(list).toContainText("the plan");
  await expect(list).toContainText("Pinned by ms-pins-ana");
  await list.getByRole("button", { name: /the plan/ }).click();
  await expect(row(bo, /plan/)).toBeInViewport();
  await expect(row(bo, /plan/)).toContainText("Pinned");
  await button.click();
  await list.getByRole("button", { name: "Unpin" }).click();
  await expect(ana.page.getByRole("button", { name: /pinned message/ })).toHaveCount(0);
});

for (const [look, options] of looks) {
  test(`axe finds nothing serious in what one writes: ${look}`, async ({ browser, server }) => {
    const name = `mx-${look}`;
    const ana = await Person.signedUp(browser, server, `${name}-ana`, { ...options, bypassCSP: true });
    const bo = await Person.signedUp(browser, server, `${name}-bo`);
    const sid = await server.room(`#${name}`, `${name}-ana`, `${name}-bo`);
    await bo.enter(name);
    await bo.say(`@${name}-ana: **bold**, _slanted_, ~~gone~~, \`code\`, https://example.org`);
    await bo.say("> quoted\n\n- one\n- two\n\n```python\n# why\nprint('x', 1)\n```");
    await expect(row(bo, /print/).locator("pre span").first()).toBeVisible();
    await row(bo, /bold/).hover();
    await bo.log.getByRole("button", { name: "React with 👍" }).click();
    await act(bo, row(bo, /bold/), "Pin");
    await act(bo, row(bo, /bold/), "Reply");
    await bo.say("an answer");
    await ana.page.goto(`${server.url}/r/${sid}`);
    await expect(row(ana, /answer/)).toBeVisible();
    await expect(row(ana, /print/).locator("pre span").first()).toBeVisible();
    expect(await findings(ana.page)).toEqual([]);
    await ana.composer.fill("mine");
    await ana.page.getByRole("button", { name: "Send" }).click();
    await expect(ana.log.locator("[data-index]").filter({ hasText: "mine" })).toBeVisible(); // no longer on its way
    await row(ana, /mine/).focus();
    await ana.page.keyboard.press("e");
    await expect(ana.page.getByRole("textbox", { name: "Text of the message" })).toBeFocused();
    expect(await findings(ana.page)).toEqual([]);
    await ana.page.keyboard.press("Escape");
    await ana.page.getByRole("button", { name: "1 pinned message" }).click();
    await expect(ana.page.getByRole("dialog")).toContainText("bold");
    expect(await findings(ana.page)).toEqual([]);
  });
}

test("what another client forges is not shown; with Twilio's demo application one's own reaction counts", async ({
  browser,
  server,
}) => {
  const [ana, bo, sid] = await pair(browser, server, "ms-forge");
  const granted = await bo.context.request.post(`${server.url}/api/token`, { data: {} });
  const { token, sdk } = await granted.json();
  const uri = new URL(sdk.twilsock.uri, server.url.replace("http", "ws")).href; // the service may be elsewhere
  const client = new Client(token, { twilsock: { uri } } as object);
  await new Promise((resolve) => client.on("initialized", () => resolve(null)));
  const room = await client.getConversationBySid(sid);
  const rx = { "👎": ["ms-forge-ana"] };
  const index = await room.sendMessage("watch me", { rx, reactions: { thumbs_down: ["ms-forge-ana"] } });
  await expect(row(ana, /watch me/)).toBeVisible();
  const message = (await room.getMessages(1, index ?? 0, "forward")).items[0];
  await message?.updateAttributes({ rx, reactions: { heart: ["ms-forge-ana", "ms-forge-bo"] } });
  await expect(row(ana, /watch me/).getByRole("button", { name: "❤️ 1" })).toBeVisible();
  await row(ana, /watch me/).hover();
  await ana.log.getByRole("button", { name: "React with ❤️" }).click();
  await expect(row(bo, /watch me/).getByRole("button", { name: "❤️ 2, you reacted" })).toBeVisible();
  await expect(row(ana, /watch me/).getByRole("button", { name: /👎/ })).toHaveCount(0);
  const now = (await room.getMessages(1, index ?? 0, "forward")).items[0];
  expect(now?.attributes).toMatchObject({ reactions: { heart: ["ms-forge-bo", "ms-forge-ana"] } });
  await client.shutdown();
});
