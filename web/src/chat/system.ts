import type { SystemNote } from "./model";

/** The chat application writes in rooms under this name; nobody can sign up as it. */
export const systemAuthor = "system";

const isText = (value: unknown): value is string => typeof value === "string";

/**
 * What a message of the chat application tells, or null for a message of a person. Attributes can be anything that some
 * client wrote, so only the author makes a system message, and each field is looked at.
 */
export function systemNoteOf(author: string | null, attributes: unknown): SystemNote | null {
  if (author !== systemAuthor) return null;
  const note = ((attributes ?? {}) as { sys?: unknown }).sys;
  const { type, by, from, to, topic, who } = (note ?? {}) as Record<string, unknown>;
  if (!isText(type) || !isText(by)) return { type: "other" };
  const named = Array.isArray(who) ? who : [who]; // one person is named as such
  const names = named.every(isText) ? named : [];
  switch (type) {
    case "renamed":
      return isText(from) && isText(to) ? { type, by, from, to } : { type: "other" };
    case "topic":
      return isText(topic) ? { type, by, topic } : { type: "other" };
    case "archived":
    case "unarchived":
      return { type, by };
    case "added":
    case "removed":
    case "moderator":
    case "not_moderator":
      return names.length > 0 ? { type, by, who: names } : { type: "other" };
    default:
      return { type: "other" };
  }
}
