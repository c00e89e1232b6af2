import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import fc from "fast-check";
import { expect, it } from "vitest";
import { plainOf } from "./plain";
import { RichText } from "./RichText";

const none: string[] = [];
function show(text: string, mentions: string[] = none, me = "") {
  return render(<RichText text={text} mentions={mentions} me={me} />).container;
}
/** The HTML without what only styles and reading direction need. */
function html(text: string, mentions: string[] = none, me = ""): string {
  const made = show(text, mentions, me).firstElementChild?.innerHTML ?? "";
  return made.replaceAll(/ (?:class|dir)="[^"]*"/g, "");
}

it.each([
  ["hello", "<p>hello</p>"],
  ["two\nlines\n\n  and more", "<p>two\nlines\n\n  and more</p>"],
  [
    "**bold** _it_ *it* ~~gone~~ `a < b`",
    "<p><strong>bold</strong> <em>it</em> <em>it</em> <del>gone</del> <code>a &lt; b</code></p>",
  ],
  ["**bold _and_ more**", "<p><strong>bold <em>and</em> more</strong></p>"],
  ["snake_case_name and 2*3*4 ~5~", "<p>snake_case_name and 2<em>3</em>4 ~5~</p>"],
  ["*one\ntwo*", "<p><em>one\ntwo</em></p>"],
  ["one  \ntwo", "<p>one  \ntwo</p>"],
  ["a *b*\\\nc", "<p>a <em>b</em><br>c</p>"],
  ["# Head *line*\ntext", "<p><strong>Head <em>line</em></strong></p><p>text</p>"],
  ["> said\n> twice\n\nanswer", "<blockquote><p>said\ntwice</p></blockquote><p>answer</p>"],
  ["- one\n- *two*\n  - three", "<ul><li>one</li><li><em>two</em><ul><li>three</li></ul></li></ul>"],
  ["3. bronze\n1. gold", '<ol><li value="3">bronze</li><li value="1">gold</li></ol>'],
  ["1. one\n\n   more\n2. two", '<ol><li value="1"><p>one</p><p>more</p></li><li value="2">two</li></ol>'],
])("renders %j", (text, expected) => {
  expect(html(text)).toBe(expected);
});

it.each([
  "-",
  "+",
  "1.",
  ">",
  "#",
  "```",
  "---",
  "***",
  "`",
  "#room and # room",
  "<b>no</b> <img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  "a &lt; b &amp; c &#60;",
  "| a | b |\n|---|---|\n| 1 | 2 |",
  "Title\n=====",
  "    four spaces",
  "[a][b]\n[b]: somewhere",
  "me@ and @you and a@b",
])("shows %j as it was typed", (text) => {
  const container = show(text);
  expect(container.textContent).toBe(text);
  expect(container.querySelector("img, script, b, table, ul, ol, blockquote, hr, pre")).toBeNull();
});

const links = (text: string) =>
  [...show(text).querySelectorAll("a")].map((a) => [a.textContent, a.getAttribute("href")]);

it.each([
  ["see https://example.com/a?b=c#d.", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"],
  ["(www.example.com)", "www.example.com", "http://www.example.com/"],
  ["<https://example.com/x>", "https://example.com/x", "https://example.com/x"],
  ["write to ana@example.com", "ana@example.com", "mailto:ana@example.com"],
  ["[the *site*](https://example.com)", "the site", "https://example.com/"],
  ["![a picture](https://example.com/a.png)", "a picture", "https://example.com/a.png"],
  ["[example.com](https://www.example.com)", "example.com", "https://www.example.com/"],
  // Hosts of one script are read as they are, below a domain of their own where they could be taken for Latin ones.
  ["https://пример.рф/x", "https://пример.рф/x", "https://xn--e1afmkfd.xn--p1ai/x"],
  ["https://münchen.de", "https://münchen.de", "https://xn--mnchen-3ya.de/"],
  ["https://例え.jp", "https://例え.jp", "https://xn--r8jz45g.jp/"],
  ["https://аррӏе.com/login", "https://xn--80ak6aa92e.com/login", "https://xn--80ak6aa92e.com/login"],
  ["https://exаmple.com", "https://xn--exmple-4nf.com", "https://xn--exmple-4nf.com/"],
])("links %j", (text, shown, href) => {
  expect(links(text)).toEqual([[shown, href]]);
  const link = screen.getByRole("link");
  expect(link).toHaveAttribute("rel", "noopener noreferrer nofollow");
  expect(link).toHaveAttribute("target", "_blank");
  expect(link).toHaveAttribute("title", href);
});

it.each([
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:msgbox)",
  "[x](//example.com)",
  "[x](/r/CH1)",
  "[x](file:///etc/passwd)",
  "<javascript:alert(1)>",
  "<data:text/html,x>",
  "[https://bank.example](https://evil.example)",
  "[www.bank.example/login](https://evil.example)",
  "https://bank.example@evil.example/",
  '[x](https://example.com "title")',
  "[](https://example.com)",
  "[\u200b](https://example.com)",
])("does not link %j", (text) => {
  const container = show(text);
  expect(container.querySelector("a")).toBeNull();
  expect(container.textContent).toBe(text);
});

it("shows who is mentioned, the reader and everybody more than others, and leaves the rest as text", () => {
  const text = "@ana and **@Bo.** see @chen, `@ana`, #room; @room!";
  const container = show(text, ["ana", "bo", "@room"], "bo");
  const chips = [...container.querySelectorAll("bdi")];
  expect(chips.map((chip) => [chip.textContent, chip.classList.contains("me")])).toEqual([
    ["@ana", false],
    ["@Bo", true],
    ["@room", true],
  ]);
  expect(container.textContent).toBe("@ana and @Bo. see @chen, @ana, #room; @room!");
  expect(show("@room is open", ["ana"]).querySelector("bdi")).toBeNull();
});

it("makes one to three emoji alone large", () => {
  const large = (text: string) => show(text).querySelector(".large") !== null;
  for (const text of ["👍", "👨‍👩‍👧‍👦 🏳️‍🌈", "👍🏽👍🏽👍🏽", "🇩🇪\n"]) expect(large(text)).toBe(true);
  for (const text of ["👍👍👍👍", "ok 👍", "1", "", "*👍*"]) expect(large(text)).toBe(false);
});

it("shows code with its language, and copies it", async () => {
  const user = userEvent.setup();
  const container = show("before\n```py title\n*a*\n\n<b>\n```\nafter *it*");
  const figure = screen.getByRole("figure", { name: "Code: py title" });
  expect(figure.querySelector("pre")?.textContent).toBe("*a*\n\n<b>");
  expect([...container.querySelectorAll("p")].map((p) => p.textContent)).toEqual(["before", "after it"]);
  await user.click(screen.getByRole("button", { name: "Copy code" }));
  expect(await navigator.clipboard.readText()).toBe("*a*\n\n<b>");
  expect(screen.getByRole("button", { name: "Copied" })).toBeVisible();
});

it("colours code when the colours are there, but not what would take too long", async () => {
  const container = show("```py\ndef f(): pass\n```");
  await waitFor(() => expect(container.querySelector("pre .keyword")).toHaveTextContent("def"));
  expect(container.querySelector("pre")).toHaveTextContent("def f(): pass");
  for (const [code, coloured] of [
    ["if a: pass", true],
    [`if ${"a".repeat(300)}: pass`, false],
  ] as const) {
    expect(show(`\`\`\`py\n${code}\n\`\`\``).querySelector("pre .keyword") !== null).toBe(coloured);
  }
});

it.each([
  ["```\nnever closed", "never closed"],
  ["````\n```\ninner\n```\n````", "```\ninner\n```"],
  ["> ```js\n> quoted()\n> ```", "quoted()"],
  ["- item\n  ```\n  in it\n  ```", "in it"],
])("finds the code in %j", (text, code) => {
  expect(show(text).querySelector("pre")?.textContent?.trim()).toBe(code);
});

it("shows the beginning of a long text until asked for all", async () => {
  const user = userEvent.setup();
  const text = `${"line\n".repeat(100)}end`;
  const container = show(text);
  expect(container.querySelector(".cut")).not.toBeNull();
  expect(container.textContent).not.toContain("end");
  await user.click(screen.getByRole("button", { name: "Show all", expanded: false }));
  expect(container.querySelector(".cut")).toBeNull();
  expect(container.querySelector("p")?.textContent).toBe(text);
  await user.click(screen.getByRole("button", { name: "Show less", expanded: true }));
  expect(container.querySelector(".cut")).not.toBeNull();
  expect(show("short").querySelector("button")).toBeNull();
});

const allowed = /^(?:P|STRONG|EM|DEL|CODE|BR|BLOCKQUOTE|UL|OL|LI|A|BDI|FIGURE|PRE|DIV|SPAN|BUTTON|svg|path|rect)$/;
/** Nothing of `text` is lost, and nothing that is not on the whitelist came of it. */
function expectSound(text: string): void {
  const { container, unmount } = render(<RichText text={text} mentions={["ana", "@room"]} me="ana" />);
  const links = [...container.querySelectorAll("a")];
  const shown = `${container.textContent} ${links.map((link) => `${link.href} ${link.textContent}`).join(" ")}`;
  const all = `${shown} ${links.map((link) => decodeURIComponent(link.href)).join(" ")}`.toLowerCase();
  for (const [word] of text.toLowerCase().matchAll(/[a-z]{2,}/g)) expect(all).toContain(word);
  for (const element of container.querySelectorAll("*")) {
    expect(element.tagName).toMatch(allowed);
    for (const { name } of element.attributes) expect(name).not.toMatch(/^on|^style$|^src/);
  }
  for (const link of links) expect(link.protocol).toMatch(/^(?:https?|mailto):$/);
  unmount();
}

const bits = fc.constantFrom(
  ...[
    "*",
    "**",
    "_",
    "~~",
    "`",
    "```",
    "```js\n",
    "\n",
    "\n\n",
    "> ",
    "- ",
    "1. ",
    "# ",
    "    ",
    "[",
    "](",
    ")",
    "![",
    "<",
    ">",
    "\\",
  ],
  ...[
    "&lt;",
    "&#0;",
    "\0",
    "\u202e",
    "\u2066",
    "@ana",
    "@room",
    "https://",
    "www.",
    "javascript:",
    "data:",
    "mailto:",
    "a@b.cd",
  ],
  ...[
    "<img src=x onerror=alert>",
    "<script>",
    "</p>",
    "<!--",
    "👍🏽",
    "e\u0301\u0301\u0301",
    " ",
    "word",
    "other",
    "|",
    "---",
    "\r\n",
    "\t",
  ],
);

it("loses no word and makes no element that is not allowed, whatever is written", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 6, arbitrary: bits }, fc.string({ unit: "binary" })), { maxLength: 40 }),
      (parts) => expectSound(parts.join("")),
    ),
    { numRuns: 400 },
  );
}, 60_000);

it.each([
  ["plain  text\nin two lines", "plain text in two lines"],
  ["**bold** _and_ `code` ~~no~~ [a link](https://example.org)", "bold and code no a link"],
  ["- one\n- two\n\n> quoted", "one two quoted"],
  ["```py\nx = 1\n```\nafter", "x = 1 after"],
])("says %j in one line and without marks", (text, plain) => {
  expect(plainOf(text)).toBe(plain);
});
