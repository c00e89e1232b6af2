import { type KeyboardEvent, type RefObject, useState } from "react";

/**
 * Makes a list of buttons one tab stop: arrows, Home and End move between them, and a letter goes to the next one whose
 * text begins so. `keys` are those of the buttons, in order; `start` is where one comes in; `stop` gives what one of
 * them needs.
 */
export function useRoving(list: RefObject<HTMLElement | null>, keys: string[], start: string | null = null) {
  const [at, setAt] = useState<string | null>(null);
  const current = [at, start].find((key) => key !== null && keys.includes(key)) ?? keys[0];

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const stops = [...(list.current?.querySelectorAll<HTMLElement>("[data-stop]") ?? [])];
    const from = stops.indexOf(event.target as HTMLElement);
    const next = from < 0 ? undefined : target(event.key, stops, from);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  const stop = (key: string) => ({
    "data-stop": true,
    tabIndex: key === current ? 0 : -1,
    onFocus: () => setAt(key),
  });
  return { onKeyDown, stop };
}

function target(key: string, stops: HTMLElement[], from: number): HTMLElement | undefined {
  if (key === "ArrowDown") return stops[from + 1];
  if (key === "ArrowUp") return stops[from - 1];
  if (key === "Home") return stops[0];
  if (key === "End") return stops.at(-1);
  if ([...key].length !== 1 || key === " ") return undefined;
  const wanted = key.toLocaleLowerCase();
  const others = [...stops.slice(from + 1), ...stops.slice(0, from)];
  return others.find((other) => other.dataset.begins?.toLocaleLowerCase().startsWith(wanted));
}
