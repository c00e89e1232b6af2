import { createRequire } from "node:module";
import type { BrowserContextOptions, Page } from "@playwright/test";
import type { AxeResults } from "axe-core";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/**
 * What axe finds that is serious or critical, once nothing moves: what fades in has little contrast on the way. The
 * page has to be opened with `bypassCSP`, as its own policy would keep axe out.
 */
export async function findings(page: Page): Promise<string[]> {
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        ({ effect, playState }) =>
          playState !== "running" || effect?.getComputedTiming().endTime === Number.POSITIVE_INFINITY,
      ),
  );
  await page.addScriptTag({ path: axe });
  const result = await page.evaluate(() => (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
  return result.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}

export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

const all: [string, BrowserContextOptions][] = [
  ["light", { colorScheme: "light" }],
  ["dark-phone", { colorScheme: "dark", ...phone }],
  ["dark", { colorScheme: "dark" }],
  ["phone", { colorScheme: "light", ...phone }],
];

const long = Boolean(process.env.ROOMFUL_LONG);

/** The looks in which every part of the page is looked at, and those for the page as a whole: fewer in the short run. */
export const looks = long ? all : all.slice(0, 1);
export const looksOfAll = long ? all : all.slice(0, 2);
