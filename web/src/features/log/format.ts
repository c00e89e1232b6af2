import i18next from "../../i18n";

// The language is the page's; of its regions, the one that the browser prefers.
const locale = navigator.languages.find((tag) => tag.split("-")[0] === i18next.language) ?? i18next.language;

const time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const dayAndYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });

export const timeOf = (at: number) => time.format(at);
export const fullTimeOf = (at: number) => full.format(at);
export const dateOf = (at: number) => dayAndYear.format(at);

/** The time without "am" or "pm", for the narrow place beside a row that continues a group. */
export function shortTimeOf(at: number): string {
  const parts = time.formatToParts(at).filter(({ type }) => type !== "dayPeriod");
  return parts
    .map(({ value }) => value)
    .join("")
    .trim();
}

/** "today", "yesterday", or the day by name; with the year when it is another one. */
export function dayOf(at: number, now = Date.now()): "today" | "yesterday" | string {
  const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? day.format(at) : dayAndYear.format(at);
}
