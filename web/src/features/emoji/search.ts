import { type Emoji, inTone, loadEmoji } from "./emoji";
import { chosenTone, recentEmoji } from "./memory";

export interface FoundEmoji {
  emoji: string;
  label: string;
  /** Without colons. */
  shortcode: string;
}

/** Emoji by the start of a short code, as typed behind a colon, or of another word that they are known by; the best first. */
export async function searchEmoji(query: string, limit: number): Promise<FoundEmoji[]> {
  const wanted = query.toLowerCase().replace(/[\s_-]+/g, "_");
  if (!wanted) return [];
  const tone = chosenTone();
  const recent = recentEmoji();
  const found = (await loadEmoji()).flatMap((one) => {
    const rank = rankOf(one, wanted);
    const use = recent.indexOf(inTone(one, tone));
    return rank === null ? [] : { one, rank: rank - (use < 0 ? 0 : 0.5) };
  });
  found.sort((a, b) => a.rank - b.rank); // stable: what is equal stays in the order of Unicode
  return found.slice(0, limit).map(({ one }) => ({
    emoji: inTone(one, tone),
    label: one.label,
    shortcode: (one.shortcodes.find((code) => code.startsWith(wanted)) ?? one.shortcodes[0]) as string,
  }));
}

function rankOf({ shortcodes, words, label }: Emoji, wanted: string): number | null {
  if (shortcodes.includes(wanted)) return 0;
  if (shortcodes.some((code) => code.startsWith(wanted))) return 1;
  if (shortcodes.some((code) => code.includes(`_${wanted}`))) return 2;
  const others = [...words, ...label.split(/[\s:,]+/)].map((word) => word.toLowerCase());
  if (others.includes(wanted)) return 2;
  return others.some((word) => word.startsWith(wanted)) ? 3 : null;
}
