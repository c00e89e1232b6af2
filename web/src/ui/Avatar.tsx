import styles from "./Avatar.module.css";
import { cx } from "./cx";

const tones = 8;

/** The same tone for the same identity, on every device. */
function toneOf(identity: string): number {
  let hash = 0;
  for (const char of identity) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return (hash % tones) + 1;
}

function initialsOf(name: string, most: number): string {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const initials = words.map((word) => [...word][0]?.toUpperCase() ?? "");
  return most > 1 && initials.length > 1 ? `${initials[0]}${initials.at(-1)}` : (initials[0] ?? "");
}

interface AvatarProps {
  identity: string;
  name: string;
  size?: "xs" | "sm" | "md";
  /** A dot tells whether the person is there; null shows none. */
  online?: boolean | null;
  /** What the dot says to those who do not see it. */
  presence?: string;
}

export function Avatar({ identity, name, size = "md", online = null, presence }: AvatarProps) {
  return (
    <span className={cx(styles.avatar, styles[size], styles[`tone${toneOf(identity)}`])}>
      <span aria-hidden="true">{initialsOf(name, size === "xs" ? 1 : 2)}</span>
      {online !== null && (
        <span
          className={cx(styles.presence, !online && styles.off)}
          role="img"
          aria-label={presence}
          title={presence}
        />
      )}
    </span>
  );
}
