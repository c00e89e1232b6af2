/**
 * The mutation run: does each row notice when what it names does not work? One handler after the other answers 500, and
 * every row that names a member that needs it (./dependence.mjs) must turn red. In Node only.
 *
 * ROOMFUL_WAIT_MS (6000) is how long a row waits for what will not come; with the same patience, and nothing broken, all
 * rows must be green first. `--survey` runs all rows against each handler, and prints which members turned red.
 * Arguments limit the run: files (`src/messages.test.ts`) and handlers (`"POST /v1/typing"`).
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DEPENDENCE, DEPENDENCE_OF_1 } from "./dependence.mjs";
import { chosen } from "./versions.mjs";

/** @import { Outcome } from "./report" */

const WAIT_MS = process.env.ROOMFUL_WAIT_MS || "6000";
const AT_ONCE = 3;
const all = { ...DEPENDENCE, ...DEPENDENCE_OF_1 };
/** ROOMFUL_SDK=1.1.0 has the handlers broken that only this version asks. */
const dependence = chosen().version === "1.1.0" ? DEPENDENCE_OF_1 : DEPENDENCE;
const suite = resolve(import.meta.dirname, "..");
const root = resolve(suite, "../../..");
const folder = mkdtempSync(join(tmpdir(), "roomful-mutations-"));
/** @type {string[]} */
const complaints = [];

/**
 * The rows of a run, by name. `names` are the members whose rows are run; null: all.
 *
 * @param {string} label
 * @param {string | null} broken
 * @param {string[] | null} names
 * @param {string[]} files
 * @returns {Promise<Outcome[]>}
 */
async function run(label, broken, names, files) {
  const report = join(folder, `${label}.json`);
  const only = names ? { ROOMFUL_ONLY: names.join(" ") } : {};
  const env = {
    ...process.env,
    ROOMFUL_WAIT_MS: WAIT_MS,
    ROOMFUL_REPORT: report,
    ROOMFUL_BREAK: broken ?? "",
    ...only,
  };
  // With so little patience a busy machine fails a row that restarts a server now and then, and then once more is enough.
  const again = broken ? [] : ["--retry=1"];
  const asked = ["vitest", "run", "--project", "node", ...again, ...files];
  const child = spawn("npx", asked, { cwd: suite, env, stdio: "ignore" });
  await new Promise((done) => child.once("exit", done));
  if (!existsSync(report)) throw new Error(`Vitest made no report with ${broken ?? "nothing"} broken: run it by hand`);
  /** @type {{ outcomes: Outcome[] }} */
  const { outcomes } = JSON.parse(readFileSync(report, "utf8"));
  const named = outcomes.filter(({ covers }) => covers?.some((name) => !names || names.includes(name)));
  return named.filter(({ browser }) => !browser);
}

/**
 * @template T
 * @param {T[]} things
 * @param {(thing: T, n: number) => Promise<void>} work
 */
async function fewAtOnce(things, work) {
  let next = 0;
  const worker = async () => {
    while (next < things.length) {
      const n = next++;
      await work(/** @type {T} */ (things[n]), n);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** @param {string} mark */
const wanted = (mark) => process.argv.slice(2).filter((argument) => argument.includes(mark));

/**
 * The rows that name one of these members; a text in place of the names concerns none.
 *
 * @param {Outcome[]} rows
 * @param {string[] | string} names
 */
const concerned = (rows, names) =>
  rows.filter(({ covers }) => Array.isArray(names) && covers?.some((name) => names.includes(name)));

/** @param {Outcome[]} rows */
const filesOf = (rows) => [...new Set(rows.map(({ file }) => resolve(root, file)))];

/**
 * @param {string} handler
 * @param {string[]} names
 * @param {Outcome[]} rows
 * @param {number} n
 */
async function mutate(handler, names, rows, n) {
  for (const name of names.filter((each) => !rows.some(({ covers }) => covers?.includes(each)))) {
    complaints.push(`${handler}: no row names ${name}`);
  }
  const theirs = concerned(rows, names);
  if (theirs.length === 0) return;
  const seen = await run(String(n), handler, names, filesOf(theirs));
  const red = seen.filter(({ state, red }) => state === "failed" && red);
  process.stdout.write(`${handler}: ${red.length} of ${theirs.length} rows turned red\n`);
  for (const { file, title, state } of theirs) {
    if (!red.some((row) => row.file === file && row.title === title)) {
      const now = seen.find((row) => row.file === file && row.title === title)?.state ?? `${state}, then not run`;
      complaints.push(`${handler}: stays green (${now}): "${title}" in ${file}`);
    }
  }
}

/**
 * @param {string} handler
 * @param {Outcome[]} rows
 * @param {number} n
 */
async function survey(handler, rows, n) {
  const seen = await run(String(n), handler, null, filesOf(rows));
  const red = new Set(seen.filter((row) => row.state === "failed" && row.red).flatMap(({ covers }) => covers ?? []));
  const green = new Set(seen.filter((row) => row.state === "passed").flatMap(({ covers }) => covers ?? []));
  const [always, sometimes] = [[...red].filter((name) => !green.has(name)), [...red].filter((name) => green.has(name))];
  process.stdout.write(
    `${handler}\n  always:    ${always.sort().join(" ")}\n  sometimes: ${sometimes.sort().join(" ")}\n`,
  );
}

try {
  const script = resolve(suite, "../serve.py");
  const told = execFileSync(resolve(root, ".venv/bin/python"), [script, "--handlers"], { encoding: "utf8" });
  const handlers = told.trim().split("\n");
  for (const handler of handlers.filter((each) => !(each in all))) {
    complaints.push(`${handler}: name the members that need it in control/dependence.mjs`);
  }
  for (const handler of Object.keys(all).filter((each) => !handlers.includes(each))) {
    complaints.push(`${handler}: there is no such handler any more`);
  }
  const rows = await run("unbroken", null, null, wanted("src/"));
  for (const { title, file } of rows.filter(({ state }) => state !== "passed")) {
    complaints.push(`red with nothing broken: "${title}" in ${file}`);
  }
  process.stdout.write(`nothing broken: ${rows.length} rows\n`);
  const asked = handlers.filter((handler) => wanted(" /").length === 0 || wanted(" /").includes(handler));
  const work = (/** @type {string} */ handler) => concerned(rows, dependence[handler] ?? []).length;
  asked.sort((one, other) => work(other) - work(one)); // what takes longest begins first
  await fewAtOnce(asked, async (handler, n) => {
    const names = dependence[handler];
    if (process.argv.includes("--survey")) await survey(handler, rows, n);
    else if (Array.isArray(names)) await mutate(handler, names, rows, n);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(complaints.length > 0 ? `\n${complaints.join("\n")}\n` : "\nevery row noticed\n");
process.exitCode = complaints.length > 0 ? 1 : 0;
