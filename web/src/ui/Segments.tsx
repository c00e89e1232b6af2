import { Radio, RadioGroup } from "react-aria-components";
import styles from "./Field.module.css";

/** One of a few, side by side. `options` are [value, words]. */
export function Segments<T extends string>({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: readonly (readonly [T, string])[];
}) {
  return (
    <RadioGroup
      className={styles.segments as string}
      aria-label={label}
      orientation="horizontal"
      value={value}
      onChange={(chosen) => onChange(chosen as T)}
    >
      {options.map(([option, words]) => (
        <Radio key={option} value={option} className={styles.segment as string}>
          {words}
        </Radio>
      ))}
    </RadioGroup>
  );
}
