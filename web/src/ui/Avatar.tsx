import { useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./Avatar.module.css";
import { cx } from "./cx";
import { toneOf } from "./tone";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const firstOf = (word: string) => [...graphemes.segment(word)][0]?.segment.toUpperCase() ?? "";

function initialsOf(name: string, most: number): string {
  const words = name.split(/[\s._-]+/).filter((word) => /[\p{L}\p{N}\p{Emoji}]/u.test(word));
  const initials = words.map((word) => firstOf(word.replace(/^[^\p{L}\p{N}\p{Emoji}]+/u, "")));
  return most > 1 && initials.length > 1 ? `${initials[0]}${initials.at(-1)}` : (initials[0] ?? "");
}

export interface Face {
  identity: string;
  name: string;
  avatar?: string | null;
}

interface AvatarProps {
  person: Face;
  /** 22, 28, 32, 36, 56 or 88 px: names in text, rows of a list, the member panel, messages, a group, a profile. */
  size?: "xs" | "row" | "sm" | "md" | "lg" | "xl";
  /** A dot tells whether the person is there; null shows none. */
  online?: boolean | null;
  /** What the dot says, if it is not just "Online" and "Offline". */
  presence?: string;
}

/** Somebody's picture; their initials where there is none, or it does not load. */
export function Avatar({ person, size = "md", online = null, presence }: AvatarProps) {
  const { identity, name, avatar } = person;
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <span className={cx(styles.avatar, styles[size], styles[`tone${toneOf(identity)}`])}>
      {/* Not as text: what a button round a face says would have to repeat it (WCAG 2.5.3). */}
      <span
        className={styles.initials}
        data-initials={initialsOf(name, size === "xs" ? 1 : 2) || firstOf(identity)}
        aria-hidden="true"
      />
      {avatar && avatar !== broken && (
        <img
          key={avatar}
          className={styles.picture}
          src={avatar}
          alt=""
          draggable={false}
          decoding="async"
          onError={() => setBroken(avatar)}
        />
      )}
      {online !== null && <Presence online={online} says={presence} />}
    </span>
  );
}

/** Full for who is there and hollow for who is away, so it is not told by the colour alone; and in words. */
function Presence({ online, says }: { online: boolean; says: string | undefined }) {
  const { t } = useTranslation();
  const label = says ?? t(online ? "members.online" : "members.offline");
  return <span className={cx(styles.presence, !online && styles.off)} role="img" aria-label={label} title={label} />;
}

/** Stands for a group that has no picture of its own: how many they are. */
export function Several({ count, size = "sm" }: { count: number; size?: AvatarProps["size"] }) {
  return (
    <span className={cx(styles.avatar, styles[size], styles.several)} aria-hidden="true">
      {count}
    </span>
  );
}
