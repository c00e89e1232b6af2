import { beforeEach, expect, it } from "vitest";
import { inTone, loadEmoji } from "./emoji";
import { chooseTone, recentEmoji, usedEmoji } from "./memory";
import { searchEmoji } from "./search";

beforeEach(() => localStorage.clear());

const found = async (query: string, limit = 8) => (await searchEmoji(query, limit)).map(({ emoji }) => emoji);

it("finds by short code, its parts and other words, the best first", async () => {
  expect(await searchEmoji("tada", 3)).toEqual([{ emoji: "🎉", label: "party popper", shortcode: "tada" }]);
  expect((await searchEmoji("+1", 1))[0]).toEqual({ emoji: "👍", label: "thumbs up", shortcode: "+1" });
  expect((await searchEmoji("thumbsu", 1))[0]).toEqual({ emoji: "👍", label: "thumbs up", shortcode: "thumbsup" });
  expect((await found("heart"))[0]).toBe("❤️");
  expect(await found("Christmas tree")).toContain("🎄");
  expect(await found("launch")).toContain("🚀");
  expect(await found("germany", 1)).toEqual(["🇩🇪"]);
});

it("finds nothing for what is no word, and no more than wanted", async () => {
  expect(await found("")).toEqual([]);
  expect(await found("xyzzy-nothing")).toEqual([]);
  expect(await found("a", 5)).toHaveLength(5);
});

it("puts what was used lately before its equals, and gives it in the chosen skin tone", async () => {
  expect((await found("wave", 20))[0]).toBe("👋");
  chooseTone("medium");
  expect((await found("wave", 20))[0]).toBe("👋🏽");
  expect(await found("tada", 1)).toEqual(["🎉"]);
  const smileys = await found("smi");
  const second = smileys[1] as string;
  usedEmoji(second);
  expect((await found("smi"))[0]).toBe(second);
});

it("remembers what was used, the latest first, and starts with the usual ones", () => {
  expect(recentEmoji().slice(0, 3)).toEqual(["👍", "❤️", "🎉"]);
  usedEmoji("🚀");
  usedEmoji("🎉");
  usedEmoji("🚀");
  expect(recentEmoji()).toEqual(["🚀", "🎉", "👍", "❤️", "😂", "😮"]);
  for (let index = 0; index < 30; index++) usedEmoji(String.fromCodePoint(0x1f400 + index));
  expect(recentEmoji()).toHaveLength(18);
});

it("has every emoji once, as Unicode recommends it, in nine groups with all their skin tones", async () => {
  const all = await loadEmoji();
  expect(new Set(all.map(({ emoji }) => emoji)).size).toBe(all.length);
  expect(all.length).toBeGreaterThan(1_800);
  expect(new Set(all.map(({ group }) => group)).size).toBe(9);
  const one = /^\p{RGI_Emoji}$/v;
  for (const emoji of all) {
    expect(emoji.shortcodes[0]).toMatch(/^[a-z0-9_+-]+$/);
    expect([0, 5]).toContain(emoji.skins.length);
    for (const shown of [emoji.emoji, ...emoji.skins]) expect(shown).toMatch(one);
  }
  const pair = all.find(({ label }) => label === "people holding hands");
  expect(pair && inTone(pair, "dark")).toBe("🧑🏿‍🤝‍🧑🏿");
});
