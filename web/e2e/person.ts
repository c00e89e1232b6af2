import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  expect,
  type Locator,
  type Page,
} from "@playwright/test";
import type { Server } from "./server";

export const password = "correct horse battery";

/** Somebody in a browser of their own. Every request that leaves the server's origin, and every broken rule, is noted. */
export class Person {
  readonly strays: string[] = [];

  private constructor(
    readonly server: Server,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on("request", (request) => this.note(request.url()));
    page.on("websocket", (socket) => this.note(socket.url()));
    page.on("pageerror", (error) => this.strays.push(`page error: ${error.message}`));
    page.on("console", (message) => {
      if (/content security policy/i.test(message.text())) this.strays.push(message.text());
    });
  }

  static async open(browser: Browser, server: Server, options: BrowserContextOptions = {}): Promise<Person> {
    const context = await browser.newContext(options);
    return Person.on(await context.newPage(), server);
  }

  /** Opens the server's page in a tab that the test has prepared. */
  static async on(page: Page, server: Server): Promise<Person> {
    const person = new Person(server, page.context(), page);
    await page.goto(server.url);
    return person;
  }

  /** Somebody who has signed up as `username`, without the form; the page shows the rooms. */
  static async signedUp(browser: Browser, server: Server, username: string, options: BrowserContextOptions = {}) {
    const context = await browser.newContext(options);
    const answer = await context.request.post(`${server.url}/api/signup`, { data: { username, password } });
    expect(answer.status(), await answer.text()).toBe(201);
    const person = await Person.on(await context.newPage(), server);
    await expect(person.rooms).toBeVisible();
    return person;
  }

  async signUp(username: string, name = ""): Promise<void> {
    await this.fillSignUp(username, name);
    await expect(this.rooms).toBeVisible();
  }

  async fillSignUp(username: string, name = ""): Promise<void> {
    const { page } = this;
    await page.getByRole("button", { name: "Create an account" }).click();
    await page.getByLabel("Your name").fill(name);
    await page.getByLabel("Username").fill(username);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Create account" }).click();
  }

  async signIn(username: string, secret = password): Promise<void> {
    await this.page.getByLabel("Username").fill(username);
    await this.page.getByLabel("Password", { exact: true }).fill(secret);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  get rooms(): Locator {
    return this.page.getByRole("navigation", { name: "Rooms" });
  }

  room(name: string): Locator {
    return this.rooms.getByRole("link", { name });
  }

  /** Opens a room and waits until its log is there. */
  async enter(name: string): Promise<void> {
    await this.room(name).click();
    await expect(this.log.getByRole("list").first()).toBeVisible(); // messages may hold lists, too
  }

  get log(): Locator {
    return this.page.getByRole("log");
  }

  get composer(): Locator {
    return this.page.getByRole("form", { name: "Message composer" }).getByRole("textbox");
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  /** Opens the menu of the person's own row, at the foot of the list. */
  async openAccountMenu(): Promise<void> {
    await this.rooms.getByRole("button", { name: /Your account/ }).click();
  }

  /** Signs out and waits until it is done: a page that goes elsewhere before would take the request back. */
  async signOut(): Promise<void> {
    await this.openAccountMenu();
    await this.page.getByRole("menuitem", { name: "Sign out" }).click();
    await expect(this.page.getByRole("heading", { name: "Come on in" })).toBeVisible();
  }

  /** Opens the open room's menu and presses an item. */
  async roomMenu(item: string): Promise<void> {
    await this.page.getByRole("button", { name: "Room menu" }).click();
    const choice = this.page.getByRole("menuitemradio", { name: item });
    await this.page.getByRole("menuitem", { name: item }).or(choice).click();
  }

  /** The texts in the log, in order. */
  texts(): Promise<string[]> {
    return this.log.locator("li[data-row] p").allTextContents();
  }

  /** Waits until the log holds exactly these texts, and nothing is on its way or failed. */
  async sees(...texts: string[]): Promise<void> {
    await expect.poll(() => this.texts(), { timeout: 45_000 }).toEqual(texts);
    await expect(this.log.getByText(/^Sending$|Not sent|Waiting for connection/)).toHaveCount(0);
  }

  private note(address: string): void {
    const url = new URL(address);
    if (["data:", "blob:"].includes(url.protocol)) return;
    if (!this.server.hosts.includes(url.host)) this.strays.push(address);
  }
}
