import { Hash, Lock } from "lucide-react";
import { cx } from "./cx";
import styles from "./Door.module.css";

/** A room's sign: an arch, lit when something in there is new. */
export function Door({
  isPrivate,
  lit = false,
  open = false,
  size = "sm",
}: {
  isPrivate: boolean;
  lit?: boolean;
  open?: boolean;
  size?: "sm" | "md";
}) {
  const Glyph = isPrivate ? Lock : Hash;
  return (
    <span
      className={cx(styles.door, size === "md" && styles.md, lit && styles.lit, open && styles.open)}
      aria-hidden="true"
    >
      <Glyph className={styles.glyph} strokeWidth={size === "md" ? 2 : 2.25} />
    </span>
  );
}
