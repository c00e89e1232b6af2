import type { ReactNode } from "react";
import { FieldError, TextField as Frame, Input, Label, Text, TextArea } from "react-aria-components";
import { cx } from "./cx";
import styles from "./Field.module.css";

interface TextFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  description?: ReactNode;
  /** Why the value will not do, in one sentence. */
  error?: string | null | undefined;
  type?: "text" | "password" | "search" | "email";
  autoComplete?: string;
  placeholder?: string;
  maxLength?: number;
  multiline?: boolean;
  autoFocus?: boolean;
  required?: boolean;
  disabled?: boolean;
}

/** A labelled field with what it is for below it, or what is wrong with it. */
export function TextField({
  label,
  description,
  error,
  placeholder,
  multiline = false,
  required = false,
  disabled = false,
  maxLength,
  ...rest
}: TextFieldProps) {
  const length = maxLength === undefined ? {} : { maxLength };
  const hint = placeholder === undefined ? {} : { placeholder };
  return (
    <Frame
      className={styles.field as string}
      isInvalid={Boolean(error)}
      isRequired={required}
      isDisabled={disabled}
      validationBehavior="aria"
      {...length}
      {...rest}
    >
      <Label>{label}</Label>
      {multiline ? (
        <TextArea className={cx(styles.input, styles.lines)} rows={3} {...hint} />
      ) : (
        <Input className={styles.input as string} {...hint} />
      )}
      {description && !error && (
        <Text slot="description" className={styles.note as string}>
          {description}
        </Text>
      )}
      <FieldError className={styles.error as string}>{error}</FieldError>
    </Frame>
  );
}
