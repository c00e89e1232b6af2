/** What the typings of the installed SDK declare. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/**
 * A class that the SDK exports. `Paginator` is an interface, but what every list of the SDK is, so it counts as one.
 * Left out: what is private, protected, `@internal` or begins with an underscore; setters, which only the SDK itself
 * uses; and constants that hold an event's name, which stand for the event.
 */
export interface SdkClass {
  name: string;
  methods: string[];
  events: string[];
  properties: string[];
}

export interface Sdk {
  version: string;
  /** In the order of the typings. */
  classes: SdkClass[];
}

export function readSdk(): Sdk {
  const script = join(import.meta.dirname, "members.mjs");
  return JSON.parse(execFileSync(process.execPath, [script], { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" }));
}

/** Every member as `conforms` takes it: methods and properties as `Class.member`, events as `Class#event`. */
export function membersOf({ name, methods, properties, events }: SdkClass): string[] {
  return [
    ...[...methods, ...properties].map((member) => `${name}.${member}`),
    ...events.map((event) => `${name}#${event}`),
  ];
}
