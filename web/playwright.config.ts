import { resolve } from "node:path";
import { defineConfig } from "@playwright/test";
import type { Topology } from "./e2e/stage";

const long = Boolean(process.env.ROOMFUL_LONG);
/** What is tried with the chat application apart from its service: all in which it has a part, or in short some steps. */
const apart = long
  ? { testMatch: /(rooms|people|account|shell|reading|messages|mentions|files)\.spec/ }
  : { grep: /step 1[0128]:/ };

export default defineConfig<object, Topology>({
  projects: [{ name: "together" }, { name: "apart", use: { apart: true }, ...apart }],
  testDir: "e2e",
  ...(long ? {} : { grepInvert: /@long/ }),
  outputDir: "test-results",
  timeout: 90_000,
  expect: { timeout: 15_000 },
  fullyParallel: true, // no test needs another of its file
  workers: 3, // most tests wait for somebody part of their time
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"]],
  use: {
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    trace: { mode: "retain-on-failure", screenshots: false }, // pictures of every frame cost as much as the tests
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: resolve(import.meta.dirname, "../scripts/chromium"),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    },
  },
});
