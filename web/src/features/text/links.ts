/** Letters that look like Latin ones: a host in them is shown as it is only below a top-level domain in the same script. */
const lookalikes = ["Cyrillic", "Greek", "Armenian", "Cherokee", "Coptic"];
/** Scripts that are written together. */
const together = [
  ["Han", "Hiragana", "Katakana"],
  ["Han", "Hangul"],
  ["Han", "Bopomofo"],
];
const scripts = [
  ...lookalikes,
  ...["Latin", "Han", "Hiragana", "Katakana", "Hangul", "Bopomofo", "Arabic", "Hebrew", "Devanagari", "Bengali"],
  ...["Gurmukhi", "Gujarati", "Tamil", "Telugu", "Kannada", "Malayalam", "Sinhala", "Thai", "Lao", "Khmer"],
  ...["Myanmar", "Georgian", "Ethiopic", "Tibetan"],
].map((name) => [name, new RegExp(`\\p{Script=${name}}`, "u")] as const);

/** What cannot be seen, or turns the order of letters round. */
const unseen = /[\p{Cc}\p{Cf}]/gu;

/** An address that a message may lead to, and how it is read; null when the message must not lead there. */
export function linkTo(address: string): URL | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  if (url.protocol === "mailto:") return url;
  // A name before the host is mostly there to look like one.
  return /^https?:$/.test(url.protocol) && !url.username && !url.password ? url : null;
}

/** How an address that was typed is shown: as typed, but with a host that could be taken for another in punycode. */
export function shownAddress(typed: string, url: URL): string {
  const shown = typed.replace(unseen, (hidden) => encodeURIComponent(hidden));
  const host = /^(?:[a-z]+:\/\/)?([^/?#:]*)/i.exec(shown)?.[1] ?? "";
  if (url.protocol === "mailto:" || !/[^ -~]/.test(host) || readable(host)) return shown;
  return shown.replace(host, url.hostname);
}

/** Whether a text that leads to `url` cannot be seen, or gives itself out as the address of somewhere else. */
export function misleads(text: string, url: URL): boolean {
  const seen = text.replace(unseen, "").trim();
  if (!seen) return true;
  if (!/^(?:https?:\/\/|www\.)\S+$/i.test(seen)) return false;
  const typed = seen.replace(/^www\./i, "http://www.");
  const bare = (host: string) => host.replace(/^www\./, "");
  return !URL.canParse(typed) || bare(new URL(typed).hostname) !== bare(url.hostname);
}

function readable(host: string): boolean {
  const labels = host.normalize("NFC").split(".");
  const last = labels.findLast(Boolean) ?? "";
  return labels.every((label) => {
    if (/^[ -~]*$/.test(label)) return true;
    const used = scriptsOf(label);
    if (used === null) return false;
    if (used.length === 1 && lookalikes.includes(used[0] as string)) return scriptsOf(last)?.[0] === used[0];
    return used.length === 1 || together.some((set) => used.every((script) => set.includes(script)));
  });
}

/** The scripts of a label's letters; null when it has other things than letters, marks, digits and hyphens. */
function scriptsOf(label: string): string[] | null {
  const used = new Set<string>();
  for (const letter of label) {
    if (/[\p{Nd}\p{M}-]/u.test(letter)) continue;
    const script = scripts.find(([, pattern]) => pattern.test(letter));
    if (!script) return null;
    used.add(script[0]);
  }
  return [...used];
}
