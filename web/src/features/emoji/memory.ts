import { recall, remember } from "../../ui/memory";

export const tones = ["none", "light", "medium-light", "medium", "medium-dark", "dark"] as const;
export type Tone = (typeof tones)[number];

const toneKey = "roomful:emoji-tone";
const recentKey = "roomful:emoji";

/** What everybody starts with. */
const usual = ["👍", "❤️", "🎉", "😂", "😮", "🙏"];
const mostRecent = 18;

/** What this person used last, the latest first; at least six. */
export function recentEmoji(): string[] {
  const used = (recall(recentKey) ?? "").split(" ").filter(Boolean);
  return [...new Set([...used, ...usual])].slice(0, Math.max(used.length, usual.length));
}

/** Notes that somebody used an emoji, wherever they found it. */
export function usedEmoji(emoji: string): void {
  const used = (recall(recentKey) ?? "").split(" ").filter((one) => one && one !== emoji);
  remember(recentKey, [emoji, ...used].slice(0, mostRecent).join(" "));
}

/** The skin tone that this person chose for all emoji. */
export const chosenTone = (): Tone => tones.find((tone) => tone === recall(toneKey)) ?? "none";

export const chooseTone = (tone: Tone): void => remember(toneKey, tone);
