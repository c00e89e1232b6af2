import type { EmojiRow } from "virtual:emoji";
import { type Tone, tones } from "./memory";
import { isSupported } from "./supported";

export interface Emoji {
  emoji: string;
  label: string;
  /** Without colons; the first one is the usual one. */
  shortcodes: string[];
  /** Other words that it is found by. */
  words: string[];
  group: number;
  version: number;
  /** By skin tone, from light to dark; empty where it has none. */
  skins: string[];
}

const modifiers = ["🏻", "🏼", "🏽", "🏾", "🏿"];
const people = /(\p{Emoji_Modifier_Base})\uFE0F?/gu;
const flag = /^\p{Regional_Indicator}{2}$/u;

let loading: Promise<Emoji[]> | undefined;

/** All emoji that this system can show. The list is loaded when it is asked for first. */
export function loadEmoji(): Promise<Emoji[]> {
  loading ??= import("virtual:emoji").then(({ default: groups }) =>
    shown(groups.flatMap((rows, group) => read(rows, group))),
  );
  loading.catch(() => {
    loading = undefined; // the next one who asks tries again
  });
  return loading;
}

/** An emoji in a skin tone, where it has them. */
export function inTone({ emoji, skins }: Emoji, tone: Tone): string {
  return skins[tones.indexOf(tone) - 1] ?? emoji;
}

function read(rows: EmojiRow[], group: number): Emoji[] {
  return rows.map(([emoji, label, shortcodes, words, version, skins]) => ({
    emoji,
    label,
    shortcodes: shortcodes.split(" "),
    words: words.split(",").filter(Boolean),
    group,
    version,
    skins: skins === 1 ? modifiers.map((modifier) => emoji.replace(people, `$1${modifier}`)) : skins || [],
  }));
}

/** Without what would be an empty box: emoji newer than the system's font, and flags where it has none (Windows). */
function shown(all: Emoji[]): Emoji[] {
  const versions = [...new Set(all.map(({ version }) => version))].sort((a, b) => b - a);
  const sample = (version: number) => all.find((one) => one.version === version)?.emoji ?? "";
  const newest = versions.find((version) => isSupported(sample(version)));
  if (newest === undefined) return all; // a system without a font of emoji, or a test without a canvas
  const flags = isSupported("🇪🇺");
  return all.filter(({ emoji, version }) => version <= newest && (flags || !flag.test(emoji)));
}
