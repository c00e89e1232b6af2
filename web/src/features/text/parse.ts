import type { RootContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmAutolinkLiteralFromMarkdown } from "mdast-util-gfm-autolink-literal";
import { gfmStrikethroughFromMarkdown } from "mdast-util-gfm-strikethrough";
import { gfmAutolinkLiteral } from "micromark-extension-gfm-autolink-literal";
import { gfmStrikethrough } from "micromark-extension-gfm-strikethrough";

/** A part of a message from one line's start to another's end. */
export type Block =
  | { kind: "plain"; text: string }
  | { kind: "code"; text: string; info: string }
  /** `nodes` say by their positions where in `text` they were. */
  | { kind: "markup"; text: string; nodes: RootContent[] };

/** What does not exist here stays as it was typed. */
const off = [
  "characterReference",
  "codeIndented",
  "definition",
  "htmlFlow",
  "htmlText",
  "labelStartImage",
  "setextUnderline",
  "thematicBreak",
];
const extensions = [{ disable: { null: off } }, gfmStrikethrough({ singleTilde: false }), gfmAutolinkLiteral()];
const mdastExtensions = [
  gfmStrikethroughFromMarkdown(),
  // Without its transform, which looks for what the tokenizer does not take for a link, in quadratic time.
  { ...gfmAutolinkLiteralFromMarkdown(), transforms: [] },
];

/** Everything that can begin some markup, and what makes a link. Without any, a text is as it is. */
const marks = /[*_~`[\]<>\\]|^[ \t]*(?:[-+#]|\d{1,9}[.)])|https?:|www\.|@(?=[\w-]+\.)/gim;
/** The parser's time grows with the square of some of these in the worst case: so many of them take it some 30 ms. */
const mostMarks = 1_000;
/** Each line is a paragraph, or an item of a list, at worst. */
const mostLines = 500;
/** A line deep in quotes and lists: each level costs, and no room is left for the text. */
const deep = /^(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])[ \t])){8}/m;
/** A fence costs more than a mark: it becomes a block with a head and a button. */
const marksOfFence = 15;

/** The parts of a message's text. Never throws, and takes bounded time: where there is too much markup, it is shown as typed. */
export function parse(text: string): Block[] {
  const blocks = splitFences(text);
  const cost = blocks.reduce((sum, block) => sum + costOf(block), 0);
  if (cost === 0) return blocks;
  if (cost <= mostMarks) return blocks.flatMap((block) => (block.kind === "plain" ? parseMarkup(block.text) : block));
  const fences = blocks.filter((block) => block.kind === "code").length;
  return fences * marksOfFence <= mostMarks ? blocks : [{ kind: "plain", text }];
}

function costOf({ kind, text }: Block): number {
  if (kind === "code") return marksOfFence;
  const found = text.match(marks)?.length ?? 0;
  if (found === 0) return 0;
  const lines = text.split("\n").length;
  return lines > mostLines || deep.test(text) ? Number.POSITIVE_INFINITY : found;
}

function parseMarkup(text: string): Block[] {
  if (text.search(marks) < 0) return [{ kind: "plain", text }];
  return [{ kind: "markup", text, nodes: fromMarkdown(text, { extensions, mdastExtensions }).children }];
}

/**
 * Code in fences that begin at a line's start, and the plain text between it.
 *
 * It is taken out before anything else, since code is full of marks that mean nothing. Fences in lists and quotes are
 * left to the parser.
 */
function splitFences(text: string): Block[] {
  const blocks: Block[] = [];
  const fence = /^ {0,3}(`{3,})([^`\n]*)\n/gm;
  let from = 0;
  for (let open = fence.exec(text); open; open = fence.exec(text)) {
    const end = endOfFence(text, fence.lastIndex, open[1] as string);
    const code = text.slice(fence.lastIndex, end.from).replace(/\n$/, "");
    if (!code.trim()) continue; // nothing in it: dots and ticks that somebody typed
    addText(blocks, text.slice(from, open.index));
    blocks.push({ kind: "code", text: code, info: (open[2] as string).trim() });
    from = end.to;
    fence.lastIndex = from;
  }
  addText(blocks, text.slice(from));
  return blocks.length > 0 ? blocks : [{ kind: "plain", text }];
}

/** Where the code and where its closing fence ends; a fence that is not closed goes on to the end. */
function endOfFence(text: string, start: number, ticks: string): { from: number; to: number } {
  const close = new RegExp(`^ {0,3}\`{${ticks.length},}[ \\t]*$`, "gm");
  close.lastIndex = start;
  const found = close.exec(text);
  return found ? { from: found.index, to: close.lastIndex } : { from: text.length, to: text.length };
}

function addText(blocks: Block[], text: string): void {
  const lines = text.replace(/^(?:[ \t]*\n)+|\s+$/g, "");
  if (lines) blocks.push({ kind: "plain", text: lines });
}
