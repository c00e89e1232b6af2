import type { Link, List, ListItem, Nodes } from "mdast";
import { Fragment, type ReactNode } from "react";
import { everybody, splitMentions } from "../../chat/mentions";
import { cx } from "../../ui/cx";
import { CodeBlock } from "./CodeBlock";
import { linkTo, misleads, shownAddress } from "./links";
import { textOf } from "./plain";
import styles from "./RichText.module.css";

/** Whom a message mentions, and who reads it. */
export interface Readers {
  mentions: readonly string[];
  me: string;
}

interface Place extends Readers {
  /** What was typed, in which the nodes say where they were. */
  source: string;
  depth: number;
  inLink: boolean;
}

/** Quotes and lists deeper than this are not set in further: no room would be left on a phone. */
const deepest = 5;

export function renderNodes(nodes: readonly Nodes[], source: string, readers: Readers): ReactNode {
  return renderAll(nodes, { ...readers, source, depth: 0, inLink: false });
}

/** A text with its mentions; `@someone` who is not mentioned is text. */
export function withMentions(text: string, { mentions, me }: Readers): ReactNode {
  if (mentions.length === 0) return text;
  let at = 0;
  return splitMentions(text, (identity) => mentions.includes(identity)).map((piece, index) => {
    const from = at;
    if (index % 2 === 0) {
      at += piece.length;
      return piece;
    }
    at += piece.replace(/^@?/, "@").length;
    const typed = text.slice(from, at);
    if (!mentions.includes(piece)) return typed; // `@room` that was not meant so
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: a text does not change
      <bdi key={index} className={cx(styles.at, (piece === me || piece === everybody) && styles.me)}>
        {typed}
      </bdi>
    );
  });
}

function renderAll(nodes: readonly Nodes[], place: Place): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text do not move
  return nodes.map((node, index) => <Fragment key={index}>{renderNode(node, place)}</Fragment>);
}

/** One node as an element of the whitelist; what is not known stays as it was typed. */
function renderNode(node: Nodes, place: Place): ReactNode {
  switch (node.type) {
    case "text":
      return place.inLink ? node.value : withMentions(node.value, place);
    case "emphasis":
      return <em>{renderAll(node.children, place)}</em>;
    case "strong":
      return <strong>{renderAll(node.children, place)}</strong>;
    case "delete":
      return <del>{renderAll(node.children, place)}</del>;
    case "inlineCode":
      return (
        <code className={styles.inline} dir="ltr">
          {node.value}
        </code>
      );
    case "break":
      return <br />;
    case "link":
      return renderLink(node, place);
    default:
      return isEmpty(node) ? <p {...directed(place)}>{typed(node, place)}</p> : renderBlock(node, place);
  }
}

function renderBlock(node: Nodes, place: Place): ReactNode {
  switch (node.type) {
    case "paragraph":
      return <p {...directed(place)}>{renderAll(node.children, place)}</p>;
    case "heading":
      return (
        <p {...directed(place)}>
          <strong>{renderAll(node.children, place)}</strong>
        </p>
      );
    case "code":
      return <CodeBlock code={node.value} info={[node.lang, node.meta].filter(Boolean).join(" ")} />;
    case "blockquote": {
      const inner = renderAll(node.children, { ...place, depth: place.depth + 1 });
      return place.depth < deepest ? <blockquote {...directed(place)}>{inner}</blockquote> : inner;
    }
    case "list":
      return renderList(node, place);
    default:
      return typed(node, place);
  }
}

function renderList(list: List, place: Place): ReactNode {
  const inner = { ...place, depth: place.depth + 1 };
  if (place.depth >= deepest) return list.children.flatMap((item) => renderAll(item.children, inner));
  const items = list.children.map((item) => (
    <li key={item.position?.start.offset} value={list.ordered ? numberOf(item, place) : undefined}>
      {renderAll(item.spread ? item.children : item.children.flatMap(unwrapped), inner)}
    </li>
  ));
  return list.ordered ? <ol {...directed(place)}>{items}</ol> : <ul {...directed(place)}>{items}</ul>;
}

/** In a list without empty lines, what an item says is no paragraph of its own. */
const unwrapped = (child: Nodes): Nodes[] => (child.type === "paragraph" ? child.children : [child]);

/** The number that was typed: people also count backwards. */
function numberOf(item: ListItem, place: Place): number {
  return Number.parseInt(typed(item, place), 10);
}

function renderLink(link: Link, place: Place): ReactNode {
  const url = linkTo(link.url);
  const source = typed(link, place);
  const bare = !source.startsWith("[");
  const label = bare ? source.replace(/^<|>$/g, "") : textOf(link);
  if (!url || link.title || (!bare && misleads(label, url))) return source;
  return (
    <a className={styles.link} href={url.href} title={url.href} target="_blank" rel="noopener noreferrer nofollow">
      {bare ? shownAddress(label, url) : renderAll(link.children, { ...place, inLink: true })}
    </a>
  );
}

/** The outermost blocks find out which way they are written; what is in them goes the same way. */
const directed = ({ depth }: Place) => (depth === 0 ? { dir: "auto" } : {});

/** What of the message became this node. */
function typed(node: Nodes, { source }: Place): string {
  return source.slice(node.position?.start.offset, node.position?.end.offset);
}

/** A lone `-`, `>` or `#` is an answer, not a list, a quote or a heading without anything in it. */
function isEmpty(node: Nodes): boolean {
  return node.type !== "paragraph" && !textOf(node).trim();
}
