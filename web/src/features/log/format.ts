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

const list = new Intl.ListFormat(locale, { type: "conjunction" });
export const listOf = (names: string[]) => list.format(names);

/** "10:42" for today, else with the day. */
const sinceDay = new Intl.DateTimeFormat(locale, {
  day: "numeric",
  month: "short",
  hour: "numeric",
  minute: "2-digit",
});
export const timeSince = (at: number) => (dayOf(at) === "today" ? timeOf(at) : sinceDay.format(at));

/** The time without "am" or "pm", for the narrow place beside a row that continues a group. */
export function shortTimeOf(at: number): string {
  const parts = time.formatToParts(at).filter(({ type }) => type !== "dayPeriod");
  return parts
    .map(({ value }) => value)
    .join("")
    .trim();
}

/** The start of a day in the reader's time zone, `days` away from the moment's own. */
export function midnight(at: number, days = 0): number {
  const date = new Date(at);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}

/** "today", "yesterday", or the day by name; with the year when it is another one. */
export function dayOf(at: number, now = Date.now()): "today" | "yesterday" | string {
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return "today";
  if (days === 1) return "yesterday";
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? day.format(at) : dayAndYear.format(at);
}
