/** Vitest's global set-up: opens the control server, and tells the tests where it is and what they may name. */
import type { TestProject } from "vitest/node";
import { Desk } from "./desk";
import { names, publicMembers } from "./typings";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the control server takes calls. */
    control: string;
    /** Every public member and event of the SDK, as `conforms` takes them. */
    members: string[];
    /** Milliseconds after which a test gives a condition up. */
    wait: number;
    /** In a mutation run: the members whose rows are run alone. */
    only: string[] | null;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const desk = new Desk(process.env.ROOMFUL_BREAK || null);
  project.provide("control", await desk.open());
  project.provide("members", names(publicMembers()));
  project.provide("wait", Number(process.env.ROOMFUL_WAIT_MS || 20_000));
  project.provide("only", process.env.ROOMFUL_ONLY ? process.env.ROOMFUL_ONLY.split(" ") : null);
  return () => desk.close();
}
