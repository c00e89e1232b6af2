import { Switch as Frame } from "react-aria-components";
import styles from "./Field.module.css";

interface SwitchProps {
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
  /** What it changes, in a few words. */
  children: string;
  description?: string;
  disabled?: boolean;
}

export function Switch({ isSelected, onChange, children, description, disabled = false }: SwitchProps) {
  return (
    <Frame className={styles.choice as string} isSelected={isSelected} onChange={onChange} isDisabled={disabled}>
      <span className={styles.words}>
        {children}
        {description && <span className={styles.note}>{description}</span>}
      </span>
      <span className={styles.track} />
    </Frame>
  );
}
