import { Hash, Lock } from "lucide-react";
import { Icon } from "../../ui/Icon";
import styles from "./Browse.module.css";

/** A room's door, large, in the colour that it has by its SID. */
export function RoomArch({ isPrivate, tone }: { isPrivate: boolean; tone: number }) {
  const colours = { background: `var(--tone-${tone}-bg)`, color: `var(--tone-${tone}-fg)` };
  return (
    <span className={styles.arch} style={colours}>
      <Icon of={isPrivate ? Lock : Hash} size={24} />
    </span>
  );
}
