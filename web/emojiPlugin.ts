// Makes the list of emoji for the page out of emojibase-data: what the picker and the search need, and nothing else.
import { createRequire } from "node:module";
import type { Plugin } from "vite";

const require = createRequire(import.meta.url);

/** An emoji as emojibase has it. */
interface Source {
  emoji: string;
  label: string;
  hexcode: string;
  group?: number;
  tags?: string[];
  version: number;
  skins?: { emoji: string; tone: number | number[] }[];
}
type Codes = Record<string, string | string[]>;
/** As in src/vite-env.d.ts. */
type Row = [string, string, string, string, number, 0 | 1 | string[]];

const components = 2; // skin tones and hair by themselves
const tones = ["🏻", "🏼", "🏽", "🏾", "🏿"];
const shortcodes = 3;

/** Where an emoji takes a skin tone: behind each of its people, instead of their presentation selector. */
const people = /(\p{Emoji_Modifier_Base})\uFE0F?/gu;
const toned = (emoji: string, tone: string) => emoji.replace(people, `$1${tone}`);

/** As Unicode recommends it for interchange: emojibase puts a presentation selector also where none belongs. */
const recommended = (emoji: string) => (/^\p{RGI_Emoji}$/v.test(emoji) ? emoji : emoji.replace(/\uFE0F$/, ""));

/** The skin tones: 1 where `toned` makes them, 0 for none, or what they are. */
function tonesOf(emoji: string, skins: Source["skins"] = []): Row[5] {
  const one = skins.filter(({ tone }) => typeof tone === "number").map((skin) => skin.emoji);
  if (one.length === 0) return 0;
  return one.every((skin, index) => skin === toned(emoji, tones[index] ?? "")) ? 1 : one;
}

/** Short codes as GitHub has them come first; those that say the label once more are left out. */
function codesOf(label: string, ...lists: (string | string[] | undefined)[]): string[] {
  const slug = label.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const codes = [...new Set(lists.flat())].filter((code) => code !== undefined);
  return codes.filter((code, index) => index === 0 || code !== slug).slice(0, shortcodes);
}

/** Groups of `[emoji, label, shortcodes, further words to find it by, version, skin tones]`, in the order of Unicode. */
export function emojiGroups(): Row[][] {
  const github: Codes = require("emojibase-data/en/shortcodes/github.json");
  const emojibase: Codes = require("emojibase-data/en/shortcodes/emojibase.json");
  const all: Source[] = require("emojibase-data/en/data.json");
  const groups: Row[][] = [];
  for (const { emoji, label, hexcode, group, tags = [], version, skins } of all) {
    if (group === undefined || group === components) continue;
    const one = recommended(emoji);
    const codes = codesOf(label, github[hexcode], emojibase[hexcode]);
    const said = ` ${label} ${codes.join(" ")}`.toLowerCase().replace(/[^a-z0-9]+/g, " ");
    const words = tags.filter((tag) => !said.includes(` ${tag.toLowerCase()}`));
    const row: Row = [one, label, codes.join(" "), words.join(","), version, tonesOf(one, skins)];
    groups[group] = [...(groups[group] ?? []), row];
  }
  return groups.filter(Boolean);
}

const id = "virtual:emoji";

/** Vite's plugin: `import("virtual:emoji")` is a file of its own, named after its content like every other. */
export const emojiPlugin: Plugin = {
  name: "emoji",
  resolveId: (wanted) => (wanted === id ? `\0${id}` : null),
  load: (wanted) =>
    wanted === `\0${id}` ? `export default JSON.parse(${JSON.stringify(JSON.stringify(emojiGroups()))});` : null,
};
