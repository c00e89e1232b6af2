const folded = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/** Whether one of the texts, or a word of them, begins with what was typed: accents and letter case do not count. */
export function begins(typed: string, ...texts: string[]): boolean {
  const wanted = folded(typed.trim());
  return texts.some((text) => {
    const whole = folded(text);
    return whole.startsWith(wanted) || whole.split(/[\s_.-]+/).some((word) => word.startsWith(wanted));
  });
}
