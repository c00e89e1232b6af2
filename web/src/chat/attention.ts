/** Whether the person has the page before the eyes: it is visible and its window has the focus. */
export interface Attention {
  now(): boolean;
  /** Calls back whenever the answer may have changed. */
  watch(changed: () => void): void;
}

export const pageAttention: Attention = {
  now: () => document.visibilityState === "visible" && document.hasFocus(),
  watch(changed) {
    document.addEventListener("visibilitychange", changed);
    window.addEventListener("focus", changed);
    window.addEventListener("blur", changed);
  },
};
