import { type LucideIcon, X } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import styles from "./Bar.module.css";

interface BarProps {
  icon: LucideIcon;
  mirror?: boolean;
  bad?: boolean;
  /** How it is told to those who do not see it. */
  role?: "alert" | "status";
  /** What its cross is called. */
  closes: string;
  onClose: () => void;
  children: ReactNode;
}

/** A line on top of the composer: what the message answers to, or something about it. */
export function Bar({ icon, mirror = false, bad = false, role, closes, onClose, children }: BarProps) {
  return (
    <div className={cx(styles.bar, bad && styles.bad)} role={role}>
      <Icon of={icon} size={16} mirror={mirror} />
      {children}
      <IconButton label={closes} className={styles.small} onClick={onClose}>
        <Icon of={X} size={16} />
      </IconButton>
    </div>
  );
}
