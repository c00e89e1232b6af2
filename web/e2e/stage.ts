import { test as base } from "@playwright/test";
import { Server } from "./server";

interface Stage {
  /** Starts a server for this test alone; `env` adds settings. */
  serve: (env?: Record<string, string>) => Promise<Server>;
  leave: undefined;
}

/**
 * What all tests start from; import `test` from here.
 *
 * `server` is one for all tests of a worker, which saves a start each. Other tests' people are there, too, so a test that
 * takes it gives its people usernames that no other has, and then makes rooms for them only, by `server.room`. Tests of
 * what everybody sees start a server of their own, by `serve`.
 */
export const test = base.extend<Stage, { server: Server }>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads here what a fixture needs
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads here what a fixture needs
  serve: async ({}, use) => {
    const started: Server[] = [];
    await use(async (env) => {
      const server = await Server.start(env);
      started.push(server);
      return server;
    });
    for (const server of started) await server.stop();
  },
  leave: [
    async ({ browser }, use) => {
      await use(undefined);
      // Nobody else does: pages of former tests would go on, and look for servers that are gone.
      for (const context of browser.contexts()) await context.close();
    },
    { auto: true },
  ],
});
