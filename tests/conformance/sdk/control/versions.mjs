/**
 * The versions of the SDK that the tests run with, each as it was published: ROOMFUL_SDK names one, the first without it.
 *
 * @typedef {object} Version
 * @property {string} version as its package.json says
 * @property {string} module what the tests import; package.json maps it to the version
 * @property {string} typings the file or folder of its typings, inside its package
 * @property {string} tests the tests that are written for it
 * @property {string} document the table that is made from their run
 * @property {string[]} about lines of that table's introduction
 * @property {Record<string, string>} define names of Node's that it uses in a browser, too, and what to put there
 */

/** @type {[Version, ...Version[]]} */
export const VERSIONS = [
  {
    version: "3.0.1",
    module: "@twilio/conversations",
    typings: "builds/lib.d.ts",
    tests: "src/*.test.ts",
    document: "docs/compatibility.md",
    define: {},
    about: [
      "A mutation run lets one handler of the server after the other answer 500, and sees that the tests of the members",
      "that need it fail.",
    ],
  },
  {
    version: "2.6.5",
    module: "conversations-2",
    typings: "builds/lib.d.ts",
    tests: "src/*.test.ts",
    document: "docs/compatibility-2.6.5.md",
    define: {},
    about: ["The tests are those of [3.0.1](compatibility.md), whose typings declare the same members."],
  },
  {
    version: "1.1.0",
    module: "conversations-1",
    typings: "lib",
    tests: "src/one/*.test.ts",
    document: "docs/compatibility-1.1.0.md",
    define: { global: "globalThis" },
    about: ["Its interface is an older one than that of [3.0.1](compatibility.md), and its tests are its own."],
  },
];

/** The one that this run is for. Throws when ROOMFUL_SDK names none. */
export function chosen() {
  const name = process.env.ROOMFUL_SDK || VERSIONS[0].version;
  const found = VERSIONS.find(({ version }) => version === name);
  if (!found) throw new Error(`ROOMFUL_SDK is one of ${VERSIONS.map(({ version }) => version).join(", ")}`);
  return found;
}
