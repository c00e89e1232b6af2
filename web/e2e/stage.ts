import { test as base } from "@playwright/test";
import { Server } from "./server";

interface Stage {
  /** Starts a server for this test alone; `env` adds settings. */
  serve: (env?: Record<string, string>) => Promise<Server>;
  leave: undefined;
}

/** Whether the chat application runs apart from its service (law 1: it works the same). */
export interface Topology {
  apart: boolean;
}

const start = (apart: boolean, env?: Record<string, string>) => (apart ? Server.startApart(env) : Server.start(env));

/**
 * What all tests start from; import `test` from here.
 *
 * `server` is one for all tests of a worker, which saves a start each. Other tests' people are there, too, so a test that
 * takes it gives its people usernames that no other has, and then makes rooms for them only, by `server.room`. Tests of
 * what everybody sees start a server of their own, by `serve`.
 */
export const test = base.extend<Stage, Topology & { server: Server }>({
  apart: [false, { option: true, scope: "worker" }],
  server: [
    async ({ apart }, use) => {
      const server = await start(apart);
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],
  serve: async ({ apart }, use) => {
    const started: Server[] = [];
    await use(async (env) => {
      const server = await start(apart, env);
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
