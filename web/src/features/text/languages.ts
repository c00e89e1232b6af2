/** The languages that code is coloured in, and what else people call them. */
const names = {
  bash: "sh zsh shell",
  cpp: "c h cc c++ hpp cxx",
  css: "scss less",
  diff: "patch",
  go: "golang",
  java: "",
  json: "jsonc json5",
  python: "py python3",
  sql: "postgres postgresql mysql sqlite",
  typescript: "ts tsx mts cts javascript js jsx mjs cjs node",
  xml: "html xhtml svg vue",
  yaml: "yml",
};

export type Language = keyof typeof names;

const known = new Map(
  Object.entries(names).flatMap(([language, others]) =>
    [language, ...others.split(" ")].map((name) => [name, language as Language] as const),
  ),
);

/** The language that what stands behind an opening fence begins with, if it is one of these. */
export function languageOf(info: string): Language | null {
  return known.get(info.split(/[\s{:,]/, 1)[0]?.toLowerCase() || " ") ?? null;
}
