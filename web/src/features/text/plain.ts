import type { Nodes } from "mdast";
import { parse } from "./parse";

/** What a node says, without its marks. */
export function textOf(node: Nodes): string {
  if ("children" in node) return node.children.map(textOf).join(node.type === "list" ? " " : "");
  return "value" in node ? node.value : node.type === "break" ? " " : "";
}

/** A message's text in one line and without its marks, for where there is room for no more. */
export function plainOf(text: string): string {
  const blocks = parse(text).map((block) => (block.kind === "markup" ? block.nodes.map(textOf).join(" ") : block.text));
  return blocks.join(" ").replace(/\s+/g, " ").trim();
}
