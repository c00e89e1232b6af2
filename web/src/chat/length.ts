/** The service's limit of a message's text, in bytes. */
export const longest = 32_768;
/** From here on it is told how many are left. */
export const nearlyFull = longest * 0.9;

/** A text's bytes, or 0 while they are surely few: no text has more than three for each of its UTF-16 units. */
export const bytesOf = (text: string) => (text.length * 3 < nearlyFull ? 0 : new TextEncoder().encode(text).length);

export const isTooLong = (text: string) => bytesOf(text) > longest;
