/** A version's table (docs/compatibility*.md) from a run: every public member of the SDK, with its tests and their results. */
import type { Outcome } from "./report";
import { membersOf, type Sdk, type SdkClass } from "./sdk";
import type { Version } from "./versions.mjs";

/** A test with covers, and its results by project. */
interface Row {
  title: string;
  file: string;
  covers: string[];
  local?: string;
  node?: string;
  browser?: string;
  states: Map<string, Outcome["state"]>;
}

type Subject = Sdk & Pick<Version, "about">;

export function compatibility({ version, classes, about }: Subject, outcomes: Outcome[], refresh: string): string {
  const rows = rowsOf(outcomes);
  const sorted = [...classes].sort((one, other) => (one.name < other.name ? -1 : 1));
  const tested = (name: string) => rows.some((row) => row.covers.includes(name));
  return `${[
    `# Compatibility with @twilio/conversations ${version}`,
    `Made by \`${refresh}\` from a run of all tests in \`tests/conformance/sdk\`; do not edit.`,
    [
      "Every public member of the classes that the SDK exports, with the tests that drive it: the unmodified SDK, in Node",
      "and in Chromium, over a real server. What a test does is seen by a second client that connects only afterwards, but",
      "for the tests listed at the end. **missing** is a member without a test.",
      ...about,
    ].join("\n"),
    summary(sorted, tested),
    ...sorted.map((each) => section(each, rows)),
    listed("Tests that run in Node only", rows, ({ node }) => node),
    listed("Tests that run in Chromium only", rows, ({ browser }) => browser),
    listed("Tests without a second client", rows, ({ local }) => local),
  ]
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

function rowsOf(outcomes: Outcome[]): Row[] {
  const rows = new Map<string, Row>();
  for (const { title, file, covers, local, node, browser, project, state } of outcomes) {
    if (!covers) continue;
    const key = `${file} ${title}`;
    const row = rows.get(key) ?? { title, file, covers, local, node, browser, states: new Map() };
    rows.set(key, row);
    row.states.set(project, state);
  }
  return [...rows.values()];
}

function summary(classes: SdkClass[], tested: (name: string) => boolean): string {
  const lines = classes.map((each) => {
    const members = membersOf(each);
    return `| [${each.name}](#${each.name.toLowerCase()}) | ${members.filter(tested).length} | ${members.length} |`;
  });
  const all = classes.flatMap(membersOf);
  return [
    "| class | members with a test | of |",
    "|---|---:|---:|",
    ...lines,
    `| all | ${all.filter(tested).length} | ${all.length} |`,
  ].join("\n");
}

function section({ name, methods, events, properties }: SdkClass, rows: Row[]): string {
  const table = (kind: string, members: string[], mark: string) =>
    members.length === 0
      ? []
      : [
          [
            `| ${kind} | Node | Chromium | tests |`,
            "|---|---|---|---|",
            ...members.map((member) => line(member, `${name}${mark}${member}`, rows)),
          ].join("\n"),
        ];
  return [
    `## ${name}`,
    ...table("method", methods, "."),
    ...table("event", events, "#"),
    ...table("property", properties, "."),
  ].join("\n\n");
}

function line(shown: string, name: string, rows: Row[]): string {
  const own = rows.filter((row) => row.covers.includes(name));
  if (own.length === 0) return `| \`${shown}\` | **missing** | **missing** | |`;
  const tests = own.map(({ title, file }) => `[${escaped(title)}](../${file})`).join("<br>");
  return `| \`${shown}\` | ${verdict(own, "node")} | ${verdict(own, "browser")} | ${tests} |`;
}

function verdict(rows: Row[], project: string): string {
  const ran = rows.map((row) => row.states.get(project)).filter((state) => state !== "skipped");
  if (ran.length === 0) return "not run";
  return ran.every((state) => state === "passed") ? "passes" : "**fails**";
}

function listed(heading: string, rows: Row[], why: (row: Row) => string | undefined): string {
  const found = rows.filter(why).map((row) => `- [${escaped(row.title)}](../${row.file}): ${why(row)}`);
  return found.length === 0 ? "" : [`## ${heading}`, found.join("\n")].join("\n\n");
}

function escaped(title: string): string {
  return title.replace(/[|[\]<>*_`\\]/g, "\\$&");
}
