import type { SdkUser } from "./surface";

/** Longer ones were not given on our pages (64 there). */
const longestName = 100;

/** Controls, and marks that turn the direction of whatever follows the name in a sentence. */
const unprintable = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;

/** What somebody is called. People can write anything there by another client, so it is made one tame line. */
export function nameOf({ identity, friendlyName }: Pick<SdkUser, "identity" | "friendlyName">): string {
  const name = (friendlyName ?? "").replace(unprintable, " ").replace(/\s+/gu, " ").trim();
  return [...name].slice(0, longestName).join("") || identity;
}

/**
 * The address of somebody's picture, or null. The chat application writes it into the user's attributes, but people can
 * write there themselves: only an address of its own pictures is believed, or a page would load whatever they name.
 */
export function avatarOf(attributes: unknown): string | null {
  const { avatar } = (attributes ?? {}) as { avatar?: unknown };
  return typeof avatar === "string" && /^\/api\/avatars\/[0-9a-f]{64}$/.test(avatar) ? avatar : null;
}
