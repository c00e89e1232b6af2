import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { chosen } from "./control/versions.mjs";

/** How long a test waits for a condition, in milliseconds; a mutation run has less patience. */
const wait = Number(process.env.ROOMFUL_WAIT_MS || 20_000);
/** In a mutation run: the members whose rows are run alone. */
const only = process.env.ROOMFUL_ONLY ? process.env.ROOMFUL_ONLY.split(" ") : null;

const chromium = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
};

/** The version of the SDK in this run (see control/versions.mjs). */
const sdk = chosen();

/** Tests that import the SDK, whatever the name, get the version that was chosen, as it was published. */
const chosenFor = (replacement: string) =>
  ["@twilio/conversations", sdk.module].map((name) => ({
    find: new RegExp(`^${name}$`),
    replacement,
  }));

/** The same files in Node and in a real browser, with the build of the SDK that is meant for each. */
export default defineConfig({
  optimizeDeps: { include: [sdk.browser] },
  cacheDir: `node_modules/.vite/${sdk.version}`,
  test: {
    include: [sdk.tests],
    provide: { wait, only },
    testTimeout: 1.5 * wait,
    hookTimeout: 60_000,
    globalSetup: ["control/setup.ts"],
    // Each file has a server of its own; one after the other keeps a small machine quick.
    fileParallelism: false,
    // A client that is shut down while it asks for something leaves a promise that it never looks at again.
    onUnhandledError: (error) => error.message !== "Unable to connect: Connection is not initialized",
    reporters: ["default", "./control/report.ts"],
    projects: [
      {
        extends: true,
        resolve: { alias: chosenFor(sdk.module) },
        test: { name: "node" },
      },
      {
        extends: true,
        resolve: { alias: chosenFor(sdk.browser) },
        test: {
          name: "browser",
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromium }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
