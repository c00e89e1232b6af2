/** Vitest's global set-up: opens the control server, and tells the tests where it is and what they may name. */
import type { TestProject } from "vitest/node";
import { Desk } from "./desk";
import { membersOf, readSdk } from "./sdk";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the control server takes calls. */
    control: string;
    /** The version of the SDK that the tests drive. */
    version: string;
    /** Its public members and events, as `conforms` takes them. */
    members: string[];
    /** Milliseconds for which a test waits for a condition. */
    wait: number;
    /** In a mutation run: the members whose rows are run alone. */
    only: string[] | null;
  }
}

/** Vitest calls this for each project and for their root, whose values all of them are given. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!project.isRootProject()) return undefined;
  const desk = new Desk(process.env.ROOMFUL_BREAK || null);
  project.provide("control", await desk.open());
  const { version, classes } = readSdk();
  project.provide("version", version);
  project.provide("members", classes.flatMap(membersOf));
  return () => desk.close();
}
