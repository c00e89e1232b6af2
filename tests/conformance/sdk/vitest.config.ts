import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

const chromium = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
};

/** The same files in Node and in a real browser, with the build of the SDK that is meant for each. */
export default defineConfig({
  optimizeDeps: { include: ["@twilio/conversations"] },
  test: {
    globalSetup: ["control/setup.ts"],
    // Each file has a server of its own; one after the other keeps a small machine quick.
    fileParallelism: false,
    projects: [
      {
        extends: true,
        test: { name: "node", include: ["src/**/*.test.ts"], testTimeout: 30_000, hookTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["src/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
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
