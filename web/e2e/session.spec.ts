import { expect } from "@playwright/test";
import { Person, password } from "./person";
import { test } from "./stage";

test("sign-up and sign-in say what is wrong, beside the field", async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "ana");
  await server.room("#sales", "ana");
  await ana.signOut();
  await expect(ana.page).toHaveURL(`${server.url}/login`);

  await ana.signIn("ana", "wrong");
  const secret = ana.page.getByLabel("Password", { exact: true });
  await expect(secret).toBeFocused();
  await expect(secret).toHaveAttribute("aria-invalid", "true");
  await expect(secret).toHaveAccessibleDescription(/./);

  await ana.page.getByRole("button", { name: "Create an account" }).click();
  await ana.page.getByLabel("Username").fill("ana");
  await ana.page.getByLabel("Password", { exact: true }).fill(password);
  await ana.page.getByRole("button", { name: "Create account" }).click();
  await expect(ana.page.getByLabel("Username")).toHaveAccessibleDescription(/taken|already/i);

  await ana.page.getByRole("button", { name: "Sign in" }).click();
  await ana.signIn("ana");
  await expect(ana.room("sales")).toBeVisible();
  expect(ana.strays).toEqual([]);
});

test("a reload goes on in the same room, and signing out ends it", async ({ browser, server }) => {
  const person = await Person.open(browser, server);
  await person.signUp("chen-wei", "Chen Wei");
  await server.room("#sales", "chen-wei");
  await person.enter("sales");
  await person.say("hello");
  await person.sees("hello");
  await person.page.reload();
  await expect(person.log).toContainText("Chen Wei");
  await person.sees("hello");

  await person.signOut();
  await person.page.reload();
  await expect(person.page.getByRole("heading", { name: "Come on in" })).toBeVisible();
  expect(person.strays).toEqual([]);
});

test("signing out in one tab ends the session in the other, which keeps what was typed", { tag: "@long" }, async ({
  browser,
  server,
}) => {
  const dana = await Person.signedUp(browser, server, "dana");
  await server.room("#sales", "dana");
  await dana.enter("sales");
  await dana.composer.fill("half a thou");
  const other = await Person.on(await dana.context.newPage(), server);
  await other.signOut();
  await expect(dana.page.getByText("Your session ended.")).toBeVisible();
  await dana.signIn("dana");
  await expect(dana.composer).toHaveValue("half a thou");
});

test("a token that is refused while the session lives gives a new client, and nothing typed is lost", {
  tag: "@long",
}, async ({ browser, server }) => {
  const ana = await Person.signedUp(browser, server, "adam");
  const bo = await Person.signedUp(browser, server, "bea");
  await server.room("#sales", "adam", "bea");
  await ana.enter("sales");
  await bo.enter("sales");
  await ana.say("before");
  await bo.sees("before");
  await ana.composer.fill("half a thou");
  const again = ana.page.waitForEvent("websocket");
  await server.rest("/roomful/v1/revocations", { identity: "adam" });
  await again;
  await bo.say("after");
  await ana.sees("before", "after");
  await expect(ana.composer).toHaveValue("half a thou");
  await ana.say("after, too");
  await bo.sees("before", "after", "after, too");
});

test("a socket that cannot be opened is said so, and tried again", async ({ browser, server }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => {
    const Real = window.WebSocket;
    window.WebSocket = class extends Real {
      constructor(url: string | URL) {
        super("open" in window.localStorage ? url : "ws://localhost:1/"); // where nobody listens
      }
    };
  });
  const ana = await Person.on(page, server);
  await ana.fillSignUp("sol");
  await expect(page.getByRole("heading", { name: "Can’t reach the chat server" })).toBeVisible();
  await server.room("#sales", "sol");
  await page.evaluate(() => window.localStorage.setItem("open", ""));
  await page.getByRole("button", { name: "Retry" }).click();
  await ana.enter("sales");
  await ana.say("hello");
  await ana.sees("hello");
});

test("the sign-in page leaves the SDK until somebody types", async ({ browser, server }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  /** `browser-….js`: the SDK's build for browsers, by far the largest script (web/budgets.mjs weighs them). */
  const scripts: string[] = [];
  page.on("response", (response) => {
    const name = response.url().match(/\/assets\/(\w+)-[^/]*\.js$/)?.[1];
    if (name) scripts.push(name);
  });
  await Person.on(page, server);
  await expect(page.getByLabel("Username")).toBeFocused();
  await page.waitForLoadState("networkidle");
  expect(scripts).toContain("index");
  expect(scripts).not.toContain("browser");
  expect(scripts).not.toContain("House");
  await page.keyboard.type("a");
  await expect.poll(() => scripts).toEqual(expect.arrayContaining(["browser", "House"]));
});

test("open mode asks for a name only", async ({ browser, serve }) => {
  const server = await serve({ ROOMFUL_AUTH: "open" });
  await server.flask("chatrooms", "create", "#sales");
  const ana = await Person.open(browser, server);
  await expect(ana.page.getByLabel("Password")).toHaveCount(0);
  await ana.page.getByLabel("Your name").fill("Ana Ribeiro");
  await ana.page.getByRole("button", { name: "Come in" }).click();
  await expect(ana.rooms.getByText("@ana-ribeiro")).toBeVisible();
  await ana.enter("sales");
  await ana.say("hello");
  await ana.sees("hello");
});
