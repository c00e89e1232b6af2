import { expect, type Page, type WebSocketRoute } from "@playwright/test";
import { Person } from "./person";
import { test } from "./stage";

/** A line that can be cut. Sockets are closed and refused while it is; HTTP goes on. */
async function cable(page: Page) {
  let cut = false;
  const open = new Set<WebSocketRoute>();
  await page.context().routeWebSocket(/\/v3\//, (socket) => {
    if (cut) return void socket.close();
    open.add(socket);
    socket.connectToServer();
  });
  return {
    async cut() {
      cut = true;
      for (const socket of open) await socket.close();
      open.clear();
    },
    mend() {
      cut = false;
    },
  };
}

test("step 16: what is sent without a connection survives a reload, and arrives once and in order", async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "ob-ana");
  const line = await cable(ana.page);
  await ana.page.reload();
  const bo = await Person.signedUp(browser, server, "ob-bo");
  await server.room("#sales", "ob-ana", "ob-bo");
  await ana.enter("sales");
  await bo.enter("sales");
  await ana.say("before");
  await bo.sees("before");

  await line.cut();
  const banner = ana.page.getByRole("main").getByText(/^Connecting…$|^You’re offline. Messages/);
  await expect(banner).toBeVisible();
  await ana.say("ana 1");
  await ana.say("ana 2");
  await expect(ana.log.getByText("Waiting for connection")).toHaveCount(2);
  await bo.say("bo 1");
  await bo.say("bo 2");
  await bo.sees("before", "bo 1", "bo 2");
  await ana.page.reload();
  await expect(ana.room("sales")).toBeVisible();
  line.mend();

  await ana.sees("before", "bo 1", "bo 2", "ana 1", "ana 2");
  await bo.sees("before", "bo 1", "bo 2", "ana 1", "ana 2");
  await expect(banner).toHaveCount(0);
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});
