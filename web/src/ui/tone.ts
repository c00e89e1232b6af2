const tones = 8;

/** The number of a tone, 1–8: the same for the same identity or SID, on every device. */
export function toneOf(id: string): number {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return (hash % tones) + 1;
}
