/// <reference types="vite/client" />

/** Made by web/emojiPlugin.ts. */
declare module "virtual:emoji" {
  /** Emoji, label, short codes by spaces, further words by commas, version, skin tones. */
  export type EmojiRow = [string, string, string, string, number, 0 | 1 | string[]];
  const groups: EmojiRow[][];
  export default groups;
}
