const browsers: [string, RegExp][] = [
  ["Edge", /\bEdg(e|A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Samsung Internet", /\bSamsungBrowser\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /\b(Chrome|CriOS|HeadlessChrome)\//],
  ["Safari", /\bSafari\//],
];
const systems: [string, RegExp][] = [
  ["Android", /\bAndroid\b/],
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
];

const named = (list: [string, RegExp][], agent: string) => list.find(([, mark]) => mark.test(agent))?.[0] ?? null;

/** The browser and the system that a User-Agent names, as far as it can be told. Browsers also name those they imitate. */
export function browserOf(agent: string): { browser: string | null; system: string | null } {
  return { browser: named(browsers, agent), system: named(systems, agent) };
}
