import { expect, type Page, type WebSocketRoute } from "@playwright/test";
import { chips, choose, picture, text } from "./enclosing";
import { Person } from "./person";
import type { Server } from "./server";
import { test } from "./stage";

/** A line that can be cut. Sockets are closed and refused while it is; HTTP goes on. */
async function cable(page: Page) {
  let cut = false;
  /** What is not let through: the request with this text, or else its answer. */
  let held: { text: string; arrives: boolean; met: () => void } | null = null;
  const open = new Set<WebSocketRoute>();
  await page.context().routeWebSocket(/\/v3\//, (socket) => {
    if (cut) return void socket.close();
    open.add(socket);
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const meant = held && message.toString().includes(held.text);
      if (meant) held?.met();
      if (!meant || held?.arrives) server.send(message);
    });
    server.onMessage((message) => {
      if (!held) socket.send(message);
    });
  });
  return {
    async cut() {
      cut = true;
      for (const socket of open) await socket.close();
      open.clear();
    },
    mend() {
      cut = false;
      held = null;
    },
    /** The page hears nothing from now on; resolves when it sends this text, which the server gets or does not. */
    hold: (text: string, arrives: boolean) =>
      new Promise<void>((met) => {
        held = { text, arrives, met };
      }),
  };
}

/** Ends the page's process, as a lack of memory does. */
async function crash(page: Page): Promise<void> {
  const gone = page.waitForEvent("crash");
  const tools = await page.context().newCDPSession(page);
  tools.send("Page.crash").catch(() => {}); // nobody is left to answer
  await gone;
  await page.close();
}

/** How many messages the browser keeps. */
const kept = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((done) => {
        const opening = indexedDB.open("roomful-outbox");
        opening.onsuccess = () => {
          const rows = opening.result.transaction("rows").objectStore("rows").count();
          rows.onsuccess = () => done(rows.result);
        };
      }),
  );

/** What a room holds, in order. */
async function messages(server: Server, sid: string): Promise<string[]> {
  const page = await server.rest(`/v1/Conversations/${sid}/Messages?PageSize=100`);
  return page.messages.map(({ body }: { body: string }) => body);
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
  await expect(ana.page.getByRole("main").getByText("Waiting for connection")).toHaveCount(2);
  line.mend();

  await ana.sees("before", "bo 1", "bo 2", "ana 1", "ana 2");
  await bo.sees("before", "bo 1", "bo 2", "ana 1", "ana 2");
  await expect(banner).toHaveCount(0);
  expect([...ana.strays, ...bo.strays]).toEqual([]);
});

test("what two tabs of a person could not send goes out once, also when one of them was closed", {
  tag: "@long",
}, async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "ob-tabs");
  await server.room("#sales", "ob-tabs");
  const line = await cable(ana.page);
  await ana.page.reload();
  const other = await Person.on(await ana.context.newPage(), server);
  await ana.enter("sales");
  await other.enter("sales");
  await line.cut();
  await ana.say("tab 1, first");
  await ana.say("tab 1, second");
  await other.say("tab 2");
  await expect(other.log.getByText("Waiting for connection")).toHaveCount(1);
  await ana.page.close();
  await expect(other.log.getByText("Waiting for connection")).toHaveCount(3);
  line.mend();
  await other.sees("tab 1, first", "tab 1, second", "tab 2");
});

for (const stored of [true, false]) {
  test(`a page that is killed while it sends loses and doubles nothing: the server has ${stored ? "" : "not "}got it`, async ({
    browser,
    server,
  }) => {
    const username = `ob-kill-${stored}`;
    const ana = await Person.signedUp(browser, server, username);
    const sid = await server.room("#sales", username);
    const line = await cable(ana.page);
    await ana.page.reload();
    await ana.enter("sales");
    await ana.say("before");
    await ana.sees("before");
    await expect.poll(() => kept(ana.page)).toBe(0);
    const held = line.hold("mid-send", stored);
    await ana.say("mid-send");
    await ana.say("behind it");
    await held;
    await expect.poll(() => kept(ana.page)).toBe(2);
    if (stored) await expect.poll(async () => (await messages(server, sid)).length).toBe(2);
    await crash(ana.page);

    line.mend();
    const again = await Person.on(await ana.context.newPage(), server);
    await again.enter("sales");
    await again.sees("before", "mid-send", "behind it");
    expect(await messages(server, sid)).toEqual(["before", "mid-send", "behind it"]);
  });
}

test("what was refused survives a reload, and can be sent again, changed and deleted", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "ob-no");
  const sid = await server.room("#sales", "ob-no");
  const participants = `/v1/Conversations/${sid}/Participants`;
  const [{ sid: member, role_sid: usual }] = (await server.rest(participants)).participants;
  const writer = { FriendlyName: "writer of ob-no", Type: "conversation", Permission: "sendMessage" };
  const { sid: role } = await server.rest("/v1/Roles", writer);
  await server.rest(`${participants}/${member}`, { RoleSid: role });
  await ana.enter("sales");
  await server.rest(`/v1/Roles/${role}`, { Permission: "leaveConversation" }); // of this no page is told
  for (const text of ["again", "changed", "deleted"]) await ana.say(text);
  await expect(ana.log.getByText(/^Not sent: /)).toHaveCount(3);
  await ana.page.reload();
  await expect(ana.log.getByText(/^Not sent: /)).toHaveCount(3);

  await server.rest(`${participants}/${member}`, { RoleSid: usual });
  const button = (text: string, name: string) =>
    ana.log.getByRole("listitem").filter({ hasText: text }).getByRole("button", { name, exact: true });
  await button("again", "Retry").click();
  await expect.poll(() => messages(server, sid)).toEqual(["again"]);
  await button("changed", "Edit").click();
  await expect(ana.composer).toHaveValue("changed");
  await ana.say("changed a little");
  await button("deleted", "Delete").click();
  await ana.sees("again", "changed a little");
  await ana.page.reload();
  await ana.sees("again", "changed a little");
});

test("files wait for the connection, too, and nobody else on this browser sees what waits", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "ob-first");
  await Person.signedUp(browser, server, "ob-next");
  const sid = await server.room("#secret plans", "ob-first", "ob-next");
  const line = await cable(ana.page);
  await ana.page.reload();
  await ana.enter("secret plans");
  await line.cut();
  await expect(ana.page.getByRole("main").getByText(/^Connecting…$|^You’re offline. Messages/)).toBeVisible();
  await choose(ana, await picture(ana.page, "plan.png", 64, 48, "#b5532e"));
  await expect(chips(ana.page)).toHaveCount(1);
  await ana.say("with a picture");
  await expect(ana.log.getByText("Waiting for connection")).toBeVisible();
  await ana.openAccountMenu();
  await ana.page.getByRole("menuitem", { name: "Sign out" }).click();
  const question = ana.page.getByRole("alertdialog", { name: "Sign out before everything is sent?" });
  await question.getByRole("button", { name: "Sign out" }).click();

  line.mend();
  await ana.signIn("ob-next");
  await ana.enter("secret plans");
  await expect(ana.page.getByText("This is the start of #secret plans")).toBeVisible();
  await expect(ana.page.locator("body")).not.toContainText("with a picture");
  expect(await messages(server, sid)).toEqual([]);
  await ana.signOut();

  await ana.signIn("ob-first");
  await expect.poll(() => messages(server, sid)).toEqual(["with a picture"]);
  const [message] = (await server.rest(`/v1/Conversations/${sid}/Messages`)).messages;
  expect(message.media).toEqual([expect.objectContaining({ filename: "plan.png", content_type: "image/png" })]);
  expect(JSON.parse(message.attributes).md).toEqual([[64, 48]]);
  await ana.enter("secret plans");
  await ana.sees("with a picture");
  expect(ana.strays).toEqual([]);
});

test("an upload that is stopped or cut off leaves the message to be changed or sent again", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "ob-stop");
  const sid = await server.room("#sales", "ob-stop");
  await ana.enter("sales");
  const tools = await ana.context.newCDPSession(ana.page);
  const uplink = (bytesPerSecond: number) =>
    tools.send("Network.emulateNetworkConditions", {
      ...{ offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: bytesPerSecond },
    });
  await uplink(50_000);
  await choose(ana, text("first.txt", "1".repeat(400_000)), text("second.txt", "2".repeat(400_000)));
  await ana.say("two files");
  const progress = ana.log.getByRole("progressbar", { name: "Sending the files" });
  await expect.poll(() => progress.evaluate((bar: HTMLProgressElement) => bar.value)).toBeGreaterThan(0);
  await ana.log.getByRole("button", { name: "Cancel sending" }).click();
  await expect(ana.log.getByText("Not sent. Your text is safe.")).toBeVisible();

  await ana.log.getByRole("button", { name: "Edit", exact: true }).click();
  await expect(ana.composer).toHaveValue("two files");
  await expect(chips(ana.page)).toHaveCount(2);
  await ana.page.getByRole("button", { name: "Remove second.txt" }).click();
  await ana.say("one file");
  await expect(progress).toBeVisible();
  await ana.page.reload(); // in the middle of the upload
  await uplink(-1);
  await expect.poll(() => messages(server, sid)).toEqual(["one file"]);
  const [message] = (await server.rest(`/v1/Conversations/${sid}/Messages`)).messages;
  expect(message.media).toEqual([expect.objectContaining({ filename: "first.txt", size: 400_000 })]);
  await ana.sees("one file");
});

test("a photo goes out without the place where it was taken, the right way up", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const ana = await Person.signedUp(browser, server, "ob-photo");
  await server.room("#sales", "ob-photo");
  await ana.enter("sales");
  const plain = await ana.page.evaluate(async () => {
    const canvas = new OffscreenCanvas(60, 40);
    canvas.getContext("2d")?.fillRect(0, 0, 30, 40);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer())];
  });
  const tiff = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
  const exif = [...Buffer.from("Exif\0\0"), ...tiff, ...Buffer.from("GPS 60.17 24.94")];
  const photo = [...plain.slice(0, 2), 0xff, 0xe1, 0, exif.length + 2, ...exif, ...plain.slice(2)];
  await choose(ana, { name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.from(photo) });
  await ana.say("turned");
  await ana.sees("turned");
  const picture = ana.log.getByRole("button", { name: "Show photo.jpg" }).locator("img");
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalHeight)).toBe(60);
  const got = await picture.evaluate(async (image: HTMLImageElement) => (await fetch(image.src)).text());
  expect(got).not.toContain("GPS");
  expect(ana.strays).toEqual([]);
});
