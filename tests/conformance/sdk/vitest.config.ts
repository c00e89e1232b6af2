import { resolve } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { chosen } from "./control/versions.mjs";

/** How long a test waits for a condition, in milliseconds; a mutation run has less patience. */
const wait = Number(process.env.ROOMFUL_WAIT_MS || 20_000);
/** In a mutation run: the members whose rows are run alone. */
const only = process.env.ROOMFUL_ONLY ? process.env.ROOMFUL_ONLY.split(" ") : null;

const chromium = {
  executablePath: resolve(import.meta.dirname, "../../../scripts/chromium"),
  args: [
    ...["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    "--ignore-certificate-errors", // of a server behind TLS (control/tls.ts)
  ],
};

/** The version of the SDK in this run (see control/versions.mjs). */
const sdk = chosen();

/** The same files in Node and in a real browser, with the build of the SDK that is meant for each. */
export default defineConfig({
  // Tests that import "@twilio/conversations" get the version that was chosen, as it was published.
  resolve: { alias: [{ find: /^@twilio\/conversations$/, replacement: sdk.module }] },
  // 1.1.0 wants Node's "events" and `global`: bundlers of its time put them there, ours is told to.
  optimizeDeps: { include: [sdk.module] },
  cacheDir: `node_modules/.vite/${sdk.version}`,
  test: {
    include: [sdk.tests],
    provide: { wait, only },
    testTimeout: 1.5 * wait,
    hookTimeout: 60_000,
    globalSetup: ["control/setup.ts"],
    // A client that is shut down while it asks for something leaves a promise that it never looks at again.
    onUnhandledError: (error) =>
      !/^Unable to connect: (Connection is not initialized|disconnected)( \(status: 0, code: 0\))?$/.test(
        error.message,
      ),
    reporters: ["default", "./control/report.ts"],
    projects: [
      {
        extends: true,
        // Each file has a server of its own, and waits for it part of the time; in a mutation run there is no time for others.
        test: { name: "node", maxWorkers: process.env.ROOMFUL_WAIT_MS ? 1 : 3, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        define: sdk.define,
        test: {
          name: "browser",
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          exclude: ["src/*.node.test.ts"], // the library for servers
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
