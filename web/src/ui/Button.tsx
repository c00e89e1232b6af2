import type { ComponentProps } from "react";
import styles from "./Button.module.css";
import { cx } from "./cx";

type ButtonProps = ComponentProps<"button"> & {
  look?: "primary" | "plain" | "quiet" | "danger" | "link";
  size?: "md" | "sm";
  wide?: boolean;
};

export function Button({
  look = "plain",
  size = "md",
  wide = false,
  className,
  type = "button",
  ...rest
}: ButtonProps) {
  const look_ = look === "link" ? styles.link : cx(styles.btn, styles[look], size === "sm" && styles.sm);
  return <button type={type} className={cx(look_, wide && styles.wide, className)} {...rest} />;
}

/** A square button with an icon; `label` is its name. */
export function IconButton({
  label,
  className,
  type = "button",
  ...rest
}: ComponentProps<"button"> & { label: string }) {
  return <button type={type} className={cx(styles.icon, className)} aria-label={label} title={label} {...rest} />;
}
