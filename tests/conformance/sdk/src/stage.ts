/** A real server for a file of tests, and people who leave after each test. Importing it sets both up. */
import type { ClientOptions } from "@twilio/conversations";
import { afterAll, afterEach, beforeAll } from "vitest";
import { Person } from "./person";
import { Server } from "./server";

export let server: Server;
const people: Person[] = [];

beforeAll(async () => {
  server = await Server.start();
});
afterEach(async () => {
  await Promise.all(people.splice(0).map((person) => person.leave()));
});
afterAll(async () => {
  await server.close();
});

/** The person will leave after the test. */
export function keep(person: Person): Person {
  people.push(person);
  return person;
}

export async function connect(identity: string, options?: ClientOptions): Promise<Person> {
  return keep(await Person.connect(server, identity, undefined, options));
}
