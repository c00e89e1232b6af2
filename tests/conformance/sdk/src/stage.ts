/** A real server for a file of tests, and people who leave after each test. Importing it sets both up. */
import type { Message } from "@twilio/conversations";
import { afterAll, afterEach, beforeAll, inject, it } from "vitest";
import { Cable } from "./cable";
import { Hook } from "./hook";
import { Person, type PersonOptions } from "./person";
import { Server } from "./server";
import { patience } from "./wait";

declare module "vitest" {
  interface TaskMeta {
    /** Of a row: the members and events of the SDK that it checks. */
    covers?: string[];
    /** Of a row that has no second client: why. */
    local?: string;
    /** Of a row that runs in Node only: why. */
    node?: string;
    /** Of a row that runs in a browser only: why. */
    browser?: string;
    /** Of a row: it failed by itself, and not in what comes after it. */
    red?: boolean;
  }
}

export interface RowOptions {
  /** Why there is nothing for a second, freshly connected client to see. */
  local?: string;
  /** Why it can run in Node only. */
  node?: string;
  /** Why it can run in a browser only. */
  browser?: string;
  /** Milliseconds that the whole test may take. */
  timeout?: number;
}

/** Who must be gone before the next test. */
export interface Leaver {
  leave(): Promise<void>;
}

export let server: Server;
const people: Leaver[] = [];
let seenByAnother = false;

beforeAll(async () => {
  server = await Server.open();
});
afterEach(async () => {
  await Promise.all(people.splice(0).map((person) => person.leave()));
  await Cable.takeUpAll();
  await server.restore();
  await Hook.takeAway();
});
afterAll(async () => {
  await server.close();
});

/** The person will leave after the test. */
export function keep<T extends Leaver>(person: T): T {
  people.push(person);
  return person;
}

/** A client that has begun to connect. It leaves after the test. */
export async function begin(identity: string, options: PersonOptions = {}): Promise<Person> {
  return keep(await Person.of(server, identity, options));
}

/** A client that is connected and has read its conversations. It leaves after the test. */
export async function connect(identity: string, options: PersonOptions = {}): Promise<Person> {
  const person = await begin(identity, options);
  await person.arrive();
  return person;
}

/** A new client, connected only now: what it sees is what was done, and not what another client remembers. */
export async function fresh(identity: string, options: PersonOptions = {}): Promise<Person> {
  const person = await connect(identity, options);
  cameAfterwards();
  return person;
}

/** A client has connected only now, and will say what it sees. */
export function cameAfterwards(): void {
  seenByAnother = true;
}

/** A conversation's messages, as a client finds them that connects now. */
export async function told(identity: string, sid: string): Promise<Message[]> {
  return (await fresh(identity)).history(sid, 100);
}

/**
 * A row of docs/compatibility.md: a test of members of the SDK, in Node and in a browser.
 *
 * `covers` names what the test really checks, as `Class.member` or `Class#event`: it must turn red when a handler that
 * they need answers 500 (see ../control/dependence.mjs). The effect must be seen by a client that `fresh` connected.
 */
export function conforms(covers: string[], title: string, test: () => Promise<void>, options: RowOptions = {}): void {
  const { local, node, browser, timeout } = options;
  const only = inject("only");
  const elsewhere = "window" in globalThis ? node : browser;
  const skip = elsewhere !== undefined || (only !== null && !covers.some((name) => only.includes(name)));
  const limit = timeout === undefined ? undefined : timeout * patience();
  it(title, { skip, timeout: limit, meta: { covers, local, node, browser } }, async ({ task }) => {
    try {
      await checkRow(covers, test, local);
    } catch (error) {
      task.meta.red = true;
      throw error;
    }
  });
}

/** What makes a row of a test: see `conforms`. */
export async function checkRow(covers: string[], test: () => Promise<void>, local?: string): Promise<void> {
  const unknown = covers.filter((name) => !inject("members").includes(name));
  if (unknown.length > 0) throw new Error(`the SDK's typings have no public ${unknown.join(", ")}`);
  if (covers.length === 0) throw new Error("a row names what it checks");
  seenByAnother = false;
  await test();
  if (!seenByAnother && !local) {
    throw new Error("no second, freshly connected client saw the effect: use fresh(), or say why in { local }");
  }
}
