import { ChevronRight } from "lucide-react";
import { type ReactNode, useId } from "react";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import styles from "./ChatRooms.module.css";

interface SectionProps {
  title: string;
  /** Buttons beside the title. */
  tools?: ReactNode;
  /** For a section that can be shut. */
  isOpen?: boolean;
  onToggle?: (open: boolean) => void;
  children: ReactNode;
}

/** A part of the room list under its title. */
export function SectionOfRooms({ title, tools, isOpen = true, onToggle, children }: SectionProps) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.title}>
        <h2 id={id}>
          {onToggle ? (
            <button type="button" aria-expanded={isOpen} onClick={() => onToggle(!isOpen)}>
              {title}
              <span className={cx(styles.chevron, isOpen && styles.turned)}>
                <Icon of={ChevronRight} size={16} mirror />
              </span>
            </button>
          ) : (
            title
          )}
        </h2>
        {tools}
      </div>
      {isOpen && <ul>{children}</ul>}
    </section>
  );
}
