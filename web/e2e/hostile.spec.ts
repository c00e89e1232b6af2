import { expect } from "@playwright/test";
import { phone } from "./axe";
import { Person } from "./person";
import { test } from "./stage";

/** As much of a text as a message holds: 32 KB. */
const long = (part: string) => part.repeat(Math.floor(32_768 / Buffer.byteLength(part)));
const zalgo = "H".concat("\u0300\u0316\u0321\u034f".repeat(200), "e\u0301 comes");

/** Wants to run something, to load something, or to lead astray. */
const inert = [
  "<img src=x onerror=document.title='pwned'>",
  "<script>document.title='pwned'</script><svg onload=document.title='pwned'>",
  "[x](javascript:document.title='pwned') [y](data:text/html,pwned) [z](vbscript:pwned)",
  "![remote](https://elsewhere.invalid/pixel.png) <iframe src=https://elsewhere.invalid>",
  "&lt;img src=x onerror=1&gt; &#60;b&#62;",
  "**<b onclick=1>** `<i>` ~~<style>*{display:none}</style>~~",
  "```html\n<img src=x onerror=document.title='pwned'>\n```",
  "[https://bank.example](https://elsewhere.invalid/) https://bank.example@elsewhere.invalid/",
];
/** Wants to break the page, by its size or its letters. */
const heavy = [
  ...["w", "👍", "*", "[", ">", "`", "_a", "- ", "> - ", "\n", "http://a.b ", "```\na\n```\n", "a\u0301", "@ana "].map(
    long,
  ),
  zalgo,
  zalgo.repeat(12),
  "\u202eevil\u202e \u2066\u2067\u2068 never closed",
  `| ${"wide | ".repeat(300)}`,
  `\`${"c".repeat(3_000)}\` **${"b".repeat(3_000)}** https://example.com/${"p".repeat(2_000)}`,
  `\`\`\`\n${"code ".repeat(2_000)}\n\`\`\``,
  `${"> ".repeat(7)}deep\n\n${"- ".repeat(7)}deeper ${"w".repeat(500)}`,
  "⸻".repeat(300),
  "﷽".repeat(300),
  "𒐫".repeat(300),
];

for (const [name, options] of [
  ["a wide window", {}],
  ["a phone", phone],
] as const) {
  test(`hostile texts do nothing and break no layout in ${name}`, async ({ browser, server }) => {
    const reader = `reader.of.${name.replaceAll(" ", "-")}`;
    const ana = await Person.signedUp(browser, server, reader, options);
    const sid = await server.room(`#hostile in ${name}`, reader);
    const write = (body: string) => server.rest(`/v1/Conversations/${sid}/Messages`, { Author: "mallory", Body: body });
    for (const body of inert) await write(body);
    await ana.enter(`hostile in ${name}`);
    await expect(ana.log.locator("article")).toHaveCount(inert.length);
    const text = ana.log.locator("article");
    await expect(text.first()).toContainText(inert[0] as string);
    await expect(ana.log.locator("article :is(img, script, svg[onload], iframe, style, b, i)")).toHaveCount(0);
    await expect(ana.log.getByRole("link", { name: "remote" })).toHaveAttribute("rel", "noopener noreferrer nofollow");
    await expect(ana.log.locator("article a:not([href^='https://'])")).toHaveCount(0);
    await expect(ana.log.getByText("bank.example")).toHaveCount(1);
    await expect(ana.log.getByRole("link", { name: /bank/ })).toHaveCount(0);
    expect(await ana.page.title()).not.toContain("pwned");

    for (const [index, body] of heavy.entries()) {
      await write(body);
      const row = ana.log.locator("li[data-row]").nth(inert.length + index);
      await expect(row).toBeAttached();
      const { height, outside } = await row.evaluate((element) => {
        const box = element.getBoundingClientRect();
        const within = (part: Element) => {
          const { left, right } = part.getBoundingClientRect();
          return part.closest("pre") !== null || (left >= box.left - 1 && right <= box.right + 1);
        };
        return {
          height: box.height,
          outside: [...element.querySelectorAll("article *")].filter((part) => !within(part)).length,
        };
      });
      expect(height, `height of ${body.slice(0, 12)}`).toBeLessThan(1_500);
      expect(outside, `parts of ${body.slice(0, 12)} beside the row`).toBe(0);
    }
    const log = await ana.log.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    expect(log).toBe(0);
    const page = await ana.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(page).toBeLessThanOrEqual(0);
    await ana.composer.fill("still here");
    await ana.page.getByRole("button", { name: "Send" }).click();
    await expect(ana.log.getByText("still here")).toBeVisible();
    expect(ana.strays).toEqual([]);
  });
}
