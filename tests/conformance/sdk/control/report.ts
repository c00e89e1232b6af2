/** Vitest's reporter for this suite: writes what was run as JSON, and a table of members from a whole run. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import type { Reporter, SerializedError, TestCase, TestModule, TestRunEndReason, Vitest } from "vitest/node";
import { compatibility } from "./compatibility";
import { readSdk } from "./sdk";
import { chosen, VERSIONS } from "./versions.mjs";

const suite = resolve(import.meta.dirname, "..");
const root = resolve(suite, "../../..");
const sdk = chosen();
const setting = sdk === VERSIONS[0] ? "" : `ROOMFUL_SDK=${sdk.version} `;
const DOCUMENT = sdk.document;
const REFRESH = `${setting}npm run -w tests/conformance/sdk compatibility`;

/** One test in one project. */
export interface Outcome {
  project: string;
  /** Relative to the root of the repository. */
  file: string;
  title: string;
  state: "passed" | "failed" | "skipped" | "pending";
  /** Milliseconds. */
  duration: number;
  errors: string[];
  /** Of a row: what it names, and why it has no second client, or runs in Node or in a browser only. */
  covers?: string[];
  local?: string;
  node?: string;
  browser?: string;
  /** It failed by itself, and not in what comes after it. */
  red?: boolean;
}

export default class Report implements Reporter {
  private vitest?: Vitest;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): Promise<void> {
    const outcomes = modules.flatMap((module) => [...module.children.allTests()].map(outcome)).sort(byPlace);
    const path = process.env.ROOMFUL_REPORT || resolve(suite, `test-results/run-${sdk.version}.json`);
    mkdirSync(dirname(path), { recursive: true });
    const unhandled = errors.map((error) => error.message);
    writeFileSync(path, `${JSON.stringify({ reason, unhandled, outcomes }, null, 1)}\n`);
    const wish = process.env.ROOMFUL_COMPATIBILITY;
    if (!wish) return;
    const gap = reason === "interrupted" ? "the run was interrupted" : await this.gap(modules, outcomes);
    if (gap) fail(`${DOCUMENT} can only be made from a whole run, but ${gap}.`);
    else if (wish === "write") writeFileSync(resolve(root, DOCUMENT), document(outcomes));
    else if (reason === "passed") compare(document(outcomes));
  }

  /** What was not run, or null if everything was. */
  private async gap(modules: readonly TestModule[], outcomes: Outcome[]): Promise<string | null> {
    const name = (project: string, file: string) => `${relative(suite, file)} in ${project}`;
    const ran = new Set(modules.map((module) => name(module.project.name, module.moduleId)));
    const all = (await this.vitest?.globTestSpecifications()) ?? [];
    const missed = all.map((spec) => name(spec.project.name, spec.moduleId)).find((file) => !ran.has(file));
    if (missed) return `${missed} was left out`;
    const broken = modules.find((module) => module.errors().length > 0);
    if (broken) return `${name(broken.project.name, broken.moduleId)} could not be loaded`;
    const names = outcomes.map(({ title, project, file }) => `${name(project, resolve(root, file))}: "${title}"`);
    const twice = names.find((each, n) => names.indexOf(each) !== n);
    if (twice) return `there are two of ${twice}`;
    const skipped = outcomes.find(
      ({ state, project, node, browser }) => state === "skipped" && !(project === "node" ? browser : node),
    );
    return skipped ? `"${skipped.title}" in ${skipped.file} was skipped` : null;
  }
}

function outcome(test: TestCase): Outcome {
  const { state, errors } = test.result();
  const { covers, local, node, browser, red } = test.meta();
  return {
    project: test.project.name.replace(/ .*/, ""), // "browser (chromium)"
    file: relative(root, test.module.moduleId),
    title: test.fullName,
    state,
    duration: Math.round(test.diagnostic()?.duration ?? 0),
    errors: errors?.map((error) => error.message) ?? [],
    covers,
    local,
    node,
    browser,
    red: red || errors?.some(({ message }) => message.startsWith("Test timed out")),
  };
}

/** Files by name; the tests of one stay in their order. */
function byPlace(one: Outcome, other: Outcome): number {
  const key = ({ project, file }: Outcome) => `${file} ${project}`;
  return key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0;
}

function document(outcomes: Outcome[]): string {
  return compatibility({ ...sdk, ...readSdk() }, outcomes, REFRESH);
}

function compare(made: string): void {
  let committed = "";
  try {
    committed = readFileSync(resolve(root, DOCUMENT), "utf8");
  } catch {
    // Not there is another way to differ.
  }
  if (made !== committed) fail(`${DOCUMENT} is not what this run shows. Refresh it with:  ${REFRESH}`);
}

function fail(line: string): void {
  process.stderr.write(`\n${line}\n`);
  process.exitCode = 1;
}
