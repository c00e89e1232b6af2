import { expect } from "@playwright/test";
import { Person } from "./person";
import { test } from "./stage";

const text =
  "**bold** and `code`, @tess.reader [a link](https://example.com)\nnext line\n\n- one\n- two\n\n> said\n\n```py\ndef f():\n    return 1\n```\nend";

test("a formatted text is selected as it reads, and its code is copied and coloured without a jump", async ({
  browser,
  server,
}) => {
  const reader = "tess.reader";
  const tess = await Person.signedUp(browser, server, reader, { permissions: ["clipboard-read", "clipboard-write"] });
  const sid = await server.room("#texts", reader);
  await tess.page.route("**/assets/highlight-*.js", async (route) => {
    await held;
    await route.continue();
  });
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const attributes = JSON.stringify({ v: 1, m: [reader] });
  await server.rest(`/v1/Conversations/${sid}/Messages`, { Author: "bo", Body: text, Attributes: attributes });
  await tess.enter("texts");
  const row = tess.log.locator("article");
  await expect(row.locator("bdi", { hasText: "@tess.reader" })).toBeVisible();

  const pre = row.locator("pre");
  const before = await pre.boundingBox();
  await expect(pre.locator("span")).toHaveCount(0);
  release();
  await expect(pre.locator("span", { hasText: "def" })).toHaveCSS("color", "rgb(138, 47, 107)");
  expect(await pre.boundingBox()).toEqual(before);

  const selected = await row.evaluate((element) => {
    const selection = window.getSelection() as Selection;
    selection.selectAllChildren(element.querySelector("strong")?.closest("div") as Element);
    return selection.toString();
  });
  expect(selected).toBe(
    "bold and code, @tess.reader a link\nnext line\n\none\ntwo\nsaid\n\ndef f():\n    return 1\nend",
  );
  await row.getByRole("button", { name: "Copy code" }).click();
  expect(await tess.page.evaluate(() => navigator.clipboard.readText())).toBe("def f():\n    return 1");
  expect(tess.strays).toEqual([]);
});
