import { defineConfig } from "@playwright/test";
import type { Topology } from "./e2e/stage";

/** What the chat application has a part in; the long run tries all of it apart from the service, the short one rooms. */
const chatApplication = process.env.ROOMFUL_LONG ? /(rooms|people|account|shell|reading)\.spec/ : /rooms\.spec/;

export default defineConfig<object, Topology>({
  projects: [{ name: "together" }, { name: "apart", testMatch: chatApplication, use: { apart: true } }],
  testDir: "e2e",
  outputDir: "test-results",
  timeout: 90_000,
  expect: { timeout: 15_000 },
  workers: 2,
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"]],
  use: {
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    trace: { mode: "retain-on-failure", screenshots: false }, // pictures of every frame cost as much as the tests
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    },
  },
});
