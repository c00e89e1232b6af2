import { memo, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { CodeBlock } from "./CodeBlock";
import { type Block, parse } from "./parse";
import styles from "./RichText.module.css";
import { type Readers, renderNodes, withMentions } from "./render";

/** One to three emoji and nothing else. */
const emojiAlone = /^\s*(?:\p{RGI_Emoji}\s*){1,3}$/v;
/** No three emoji are longer, in UTF-16. */
const longestEmoji = 120;

/** Of a text that is longer than this, only the beginning is shown, until asked for more. */
const longest = 2_500;
const mostLines = 40;

interface RichTextProps {
  text: string;
  /** Whom the text mentions: their identities, and `@room`. */
  mentions: readonly string[];
  /** The identity of who reads it. */
  me: string;
}

/** A message's text: a subset of GitHub's Markdown, without HTML and without pictures. */
export const RichText = memo(function RichText({ text, mentions, me }: RichTextProps) {
  const [all, setAll] = useState(false);
  const { t } = useTranslation();
  const beginning = useMemo(() => beginningOf(text), [text]);
  const long = beginning.length < text.length;
  const shown = all ? text : beginning;
  const blocks = useMemo(() => parse(shown), [shown]);
  const only = blocks.length === 1 ? blocks[0] : undefined;
  const large = text.length <= longestEmoji && only?.kind === "plain" && emojiAlone.test(text);
  return (
    <>
      <div className={cx(styles.rich, large && styles.large, long && !all && styles.cut)}>
        {blocks.map((block, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of a text do not move
          <Part key={index} block={block} mentions={mentions} me={me} />
        ))}
      </div>
      {long && (
        <Button look="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {t(all ? "text.less" : "text.more")}
        </Button>
      )}
    </>
  );
});

function Part({ block, ...readers }: { block: Block } & Readers) {
  if (block.kind === "code") return <CodeBlock code={block.text} info={block.info} />;
  if (block.kind === "markup") return renderNodes(block.nodes, block.text, readers);
  return <p dir="auto">{withMentions(block.text, readers)}</p>;
}

function beginningOf(text: string): string {
  const lines = text.split("\n", mostLines + 1);
  const start = lines.length > mostLines ? lines.slice(0, mostLines).join("\n") : text;
  return start.length > longest ? start.slice(0, longest).replace(/[\uD800-\uDBFF]$/, "") : start; // no half emoji
}
