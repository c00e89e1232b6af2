import { type Browser, type BrowserContextOptions, expect } from "@playwright/test";
import { findings, looksOfAll } from "./axe";
import { Person } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

/** A room of `username` and others, who have said something. */
async function furnish(server: Server, username: string): Promise<void> {
  const sid = await server.room("#sales", username, "bo", "chen");
  for (const [author, body] of [
    ["bo", "Morning!"],
    ["bo", "Anybody there?"],
    ["chen", "Me."],
  ] as const) {
    await server.rest(`/v1/Conversations/${sid}/Messages`, { Author: author, Body: body });
  }
}

async function tour(browser: Browser, server: Server, username: string, options: BrowserContextOptions): Promise<void> {
  // The page's own policy would keep axe out.
  const person = await Person.open(browser, server, { ...options, bypassCSP: true });
  const { page } = person;
  await expect(page.getByLabel("Username")).toBeFocused();
  expect(await findings(page)).toEqual([]);
  await page.getByRole("button", { name: "Sign in" }).click();
  expect(await findings(page)).toEqual([]);
  await person.signUp(username);
  await furnish(server, username);
  await expect(person.room("sales")).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await person.rooms.getByRole("button", { name: "Create a room" }).click();
  await expect(page.getByRole("dialog", { name: "Create a room" })).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await person.enter("sales");
  await expect(person.log.getByText("Morning!")).toBeVisible();
  expect(await findings(page)).toEqual([]);
  await person.composer.fill("text");
  await page.getByRole("button", { name: "Room menu" }).click();
  await expect(page.getByRole("menu")).toBeVisible();
  expect(await findings(page)).toEqual([]);
  for (const path of ["/browse", "/settings/profile", "/settings/appearance", "/settings/sessions"]) {
    await page.goto(`${server.url}${path}`);
    await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
    expect(await findings(page), path).toEqual([]);
  }
}

for (const [look, options] of looksOfAll) {
  test(`axe finds nothing serious: ${look}`, async ({ browser, server }) => {
    await tour(browser, server, look.replace(" ", "-"), options);
  });
}

test("everything is reached by keyboard", async ({ browser, server }) => {
  const person = await Person.signedUp(browser, server, "keys");
  const { page } = person;
  await furnish(server, "keys");
  await expect(person.room("sales")).toBeVisible();
  const ring = async () =>
    page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const reached: (string | null | undefined)[] = [];
  for (let press = 0; press < 7; press++) {
    await page.keyboard.press("Tab");
    reached.push(await ring());
  }
  expect(reached.join(" ")).toMatch(
    /Light or dark Browse rooms Create a room sales.*New message.*Your account Width of the list/,
  );
  expect(person.strays).toEqual([]);
});
