import { readFileSync } from "node:fs";
import { type Browser, expect } from "@playwright/test";
import { findings, looks } from "./axe";
import { chips, choose, drop, paste, picture, text } from "./enclosing";
import { Person } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

const filesIn = ({ log }: Person) => log.getByRole("list", { name: "Files" });

/** Two people in a room of their own, both with it open. */
async function two(browser: Browser, server: Server, name: string) {
  const [a, b] = [`${name}-ana`, `${name}-bo`];
  const ana = await Person.signedUp(browser, server, a);
  const bo = await Person.signedUp(browser, server, b);
  await server.room(`#${name}`, a, b);
  await ana.enter(name);
  await bo.enter(name);
  return { ana, bo };
}

test("step 13: files are sent with their progress, and shown to the other in a place that was kept for them", async ({
  browser,
  server,
}) => {
  const { ana, bo } = await two(browser, server, "fi-send");
  let show = () => {};
  const held = new Promise<void>((resolve) => {
    show = resolve;
  });
  await bo.page.route(/\/media\//, async (route) => {
    await held;
    await route.continue();
  });
  const line = await ana.context.newCDPSession(ana.page);
  const speed = (uploadThroughput: number) =>
    line.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput,
    });

  await paste(ana, await picture(ana.page, "image.png", 640, 400, "teal"));
  const pdf = { name: "plan.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(300_000, "%PDF ") };
  await drop(ana, "#fi-send", pdf, text("notes.txt", "some notes"));
  await expect(chips(ana.page)).toHaveCount(3);
  await speed(60_000);
  await ana.say("three files");
  const progress = ana.log.getByRole("progressbar", { name: "Sending the files" });
  const part = () => progress.evaluate((bar) => (bar as HTMLProgressElement).value);
  await expect.poll(part).toBeGreaterThan(0);
  expect(await part()).toBeLessThan(1);
  await speed(-1);

  const shown = bo.log.getByRole("button", { name: "Show image.png" });
  await expect(shown).toBeVisible();
  await expect(shown.getByRole("presentation")).toHaveJSProperty("complete", false);
  const before = await shown.boundingBox();
  expect(before).toMatchObject({ width: 360, height: 225 });
  show();
  await expect(shown.getByRole("presentation")).toHaveJSProperty("naturalWidth", 640);
  expect(await shown.boundingBox()).toEqual(before);
  await expect(filesIn(bo).getByRole("button", { name: "Download plan.pdf 293 kB" })).toBeVisible();
  await expect(filesIn(bo).getByRole("button", { name: "Download notes.txt 10 bytes" })).toBeVisible();
  await expect(bo.log.getByText("three files")).toBeVisible();
  await expect(progress).toBeHidden();
  await expect(filesIn(ana).getByRole("listitem")).toHaveCount(3);
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});

test("pictures are gone through by the keyboard", { tag: "@long" }, async ({ browser, server }) => {
  const { ana, bo } = await two(browser, server, "fi-look");
  await choose(
    ana,
    await picture(ana.page, "first.png", 300, 200, "teal"),
    text("between.txt", "not a picture"),
    await picture(ana.page, "second.png", 200, 300, "tomato"),
  );
  await expect(chips(ana.page)).toHaveCount(3);
  await ana.page.getByRole("button", { name: "Send" }).click();
  const first = bo.log.getByRole("button", { name: "Show first.png" });
  await first.press("Enter");
  const box = (name: string) => bo.page.getByRole("dialog", { name });
  await expect(box("first.png").getByRole("img", { name: "first.png" })).toHaveJSProperty("naturalWidth", 300);
  await expect(box("first.png").getByText("1 of 2")).toBeVisible();
  await bo.page.keyboard.press("ArrowRight");
  await expect(box("second.png").getByRole("img", { name: "second.png" })).toHaveJSProperty("naturalHeight", 300);
  await bo.page.keyboard.press("ArrowRight");
  await expect(box("second.png")).toBeVisible();
  await bo.page.keyboard.press("ArrowLeft");
  await expect(box("first.png")).toBeVisible();
  await bo.page.keyboard.press("Escape");
  await expect(bo.page.getByRole("dialog")).toBeHidden();
  await expect(first).toBeFocused();
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});

test("what could carry a program is saved and never shown", async ({ browser, server }) => {
  const { ana, bo } = await two(browser, server, "fi-svg");
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" onload="top.document.title=1"><script>top.x=1</script></svg>';
  await choose(
    ana,
    { name: "drawing.svg", mimeType: "image/svg+xml", buffer: Buffer.from(svg) },
    { name: "page.html", mimeType: "text/html", buffer: Buffer.from("<script>top.x=1</script>") },
  );
  await expect(chips(ana.page).getByRole("presentation")).toHaveCount(0);
  await ana.page.getByRole("button", { name: "Send" }).click();
  for (const name of ["drawing.svg", "page.html"]) {
    const download = bo.page.waitForEvent("download");
    await filesIn(bo)
      .getByRole("button", { name: `Download ${name}` })
      .click();
    const saved = await download;
    expect(saved.suggestedFilename()).toBe(name);
    expect(readFileSync(await saved.path(), "utf8")).toContain("top.x=1");
    const { headers } = await bo.page.evaluate(async (address) => {
      const answer = await fetch(address);
      return { headers: Object.fromEntries(answer.headers) };
    }, saved.url());
    expect(headers).toMatchObject({ "content-disposition": expect.stringMatching(/^attachment/) });
  }
  await expect(filesIn(bo).locator("img, iframe, object, embed")).toHaveCount(0);
  expect(await bo.page.evaluate(() => "x" in window)).toBe(false);
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});

for (const [look, options] of looks) {
  test(`axe finds nothing in files and the lightbox: ${look}`, async ({ browser, server }) => {
    const ana = await Person.signedUp(browser, server, `fi-axe-${look}`, { ...options, bypassCSP: true });
    await server.room(`#fi-axe-${look}`, `fi-axe-${look}`);
    await ana.enter(`fi-axe-${look}`);
    const { page } = ana;
    await choose(ana, await picture(page, "first.png", 300, 200, "teal"), text("notes.txt", "some notes"));
    await ana.composer.fill("two files");
    await page.getByRole("button", { name: "Send" }).click();
    const shown = ana.log.getByRole("button", { name: "Show first.png" });
    await expect(shown.getByRole("presentation")).toHaveJSProperty("naturalWidth", 300);
    expect(await findings(page)).toEqual([]);
    await shown.click();
    await expect(page.getByRole("dialog").getByRole("img")).toHaveJSProperty("naturalWidth", 300);
    expect(await findings(page)).toEqual([]);
    expect(ana.strays).toEqual([]);
  });
}
