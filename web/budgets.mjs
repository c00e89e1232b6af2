// Says what the built front end costs over the wire, and fails where that is above the budget: `npm run budgets`.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const KB = 1000;

/** What each view may load, in kilobytes (1000 bytes) of gzip. `roots`: the files that it starts with, without hashes. */
export const budgets = [
  { name: "Sign-in page", roots: ["index.js"], limit: 125 },
  { name: "Chat: our code and the SDK", roots: ["House.js", "browser.js"], without: ["index.js"], limit: 260 },
  { name: "First view of the chat, with style", roots: ["index.js", "House.js", "browser.js", ".css"], limit: 400 },
  { name: "Browse", roots: ["Browse.js"], without: ["index.js", "House.js"], limit: 40 },
  { name: "Settings", roots: ["Settings.js"], without: ["index.js", "House.js"], limit: 40 },
  {
    name: "Emoji, with all their names",
    roots: ["EmojiPicker.js", "_virtual_emoji.js"],
    without: ["House.js"],
    limit: 60,
  },
  { name: "Colours of code", roots: ["highlight.js"], without: ["House.js"], limit: 25 },
  { name: "Style, all of it", roots: [".css"], limit: 20 },
];

const plain = (file) => file.replace(/-[\w-]{8}(\.\w+)$/, "$1");
const imported = (text) => [...text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)].map((match) => match[1]);

/** The files of a folder of assets: `{file: {bytes, imports}}`, bytes after gzip, imports without those asked for later. */
export function read(assets) {
  const files = {};
  for (const file of readdirSync(assets)) {
    if (!/\.(js|css)$/.test(file)) continue;
    const text = readFileSync(join(assets, file));
    files[file] = {
      bytes: gzipSync(text, { level: 9 }).length,
      imports: file.endsWith(".js") ? imported(text.toString()) : [],
    };
  }
  return files;
}

function reached(files, roots) {
  const seen = new Set();
  const todo = Object.keys(files).filter((file) =>
    roots.some((root) => (root.startsWith(".") ? file.endsWith(root) : plain(file) === root)),
  );
  while (todo.length > 0) {
    const file = todo.pop();
    if (seen.has(file) || !files[file]) continue;
    seen.add(file);
    todo.push(...files[file].imports);
  }
  return seen;
}

/** The lines of the report: each budget with its `bytes` and whether it is `kept`. Throws when a root is not there. */
export function weigh(files, wanted = budgets) {
  return wanted.map(({ name, roots, without = [], limit }) => {
    for (const root of [...roots, ...without]) {
      if (reached(files, [root]).size === 0) throw new Error(`${name}: the build has no ${root}`);
    }
    const before = reached(files, without);
    const bytes = [...reached(files, roots)].reduce((sum, file) => sum + (before.has(file) ? 0 : files[file].bytes), 0);
    return { name, limit, bytes, kept: bytes <= limit * KB };
  });
}

if (basename(argv[1] ?? "") === basename(fileURLToPath(import.meta.url))) {
  const report = weigh(read(fileURLToPath(new URL("dist/assets", import.meta.url))));
  for (const { name, bytes, limit, kept } of report) {
    console.log(
      `${kept ? "ok  " : "OVER"} ${(bytes / KB).toFixed(1).padStart(6)} of ${`${limit}`.padStart(3)} KB gzip  ${name}`,
    );
  }
  if (report.some(({ kept }) => !kept)) exit(1);
}
