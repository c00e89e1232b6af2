import type { ReactNode } from "react";
import styles from "./Empty.module.css";

/** A page with nothing in it but what happened and what to press. `door` is open and lit, or shut. */
export function Empty({
  door,
  title,
  children,
  actions,
}: {
  door: "lit" | "shut";
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {door === "lit" ? <LitDoor className={styles.art} /> : <ShutDoor className={styles.art} />}
      <h1>{title}</h1>
      {children}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

export function LitDoor({ className }: { className?: string | undefined }) {
  return (
    <svg className={className} viewBox="0 0 150 160" aria-hidden="true">
      <path d="M58 128 18 158h114l-40-30z" fill="#ffc02e" opacity=".28" />
      <path d="M36 128V51a39 39 0 0 1 78 0v77z" fill="var(--accent)" />
      <path d="M52 128V53a23 23 0 0 1 46 0v75z" fill="#ffc447" />
      <g transform="translate(75 128) scale(0.62)" fill="#0b5c74">
        <circle cy="-46" r="13" />
        <path d="M-24 0v-6a24 24 0 0 1 48 0v6z" />
      </g>
      <rect x="14" y="127" width="122" height="4" rx="2" fill="var(--text-2)" opacity=".4" />
    </svg>
  );
}

function ShutDoor({ className }: { className?: string | undefined }) {
  return (
    <svg className={className} viewBox="0 0 150 160" aria-hidden="true">
      <path d="M36 128V51a39 39 0 0 1 78 0v77z" fill="var(--accent)" opacity=".58" />
      <path d="M46 128V51a29 29 0 0 1 58 0v77z" fill="var(--accent-soft)" />
      <circle cx="94" cy="84" r="3.5" fill="var(--text-2)" />
      <path d="M60 56a15 15 0 0 1 30 0v10H60z" fill="var(--text-2)" opacity=".16" />
      <rect x="14" y="127" width="122" height="4" rx="2" fill="var(--text-2)" opacity=".4" />
    </svg>
  );
}
