import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

/** Nearer than this to the end counts as being there. */
const bottomWithin = 40;
/** Older messages are asked for this far ahead. */
const topAhead = 600;

interface Anchor {
  row: Element;
  /** From the top of the list, whatever the scroll position is. */
  offset: number;
}

/**
 * Keeps the reader's place: at the end it follows what arrives; elsewhere the first visible row stays on the same pixel when
 * rows come or go above it. (The browser's own anchoring is off: Safari has none, and two would fight.)
 */
export function useLogScroll(
  box: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
  onTop: () => void,
) {
  const anchor = useRef<Anchor | null>(null);
  const following = useRef(true);
  const [atBottom, setAtBottom] = useState(true);

  const offsetOf = useCallback(
    (row: Element) => row.getBoundingClientRect().top - (list.current?.getBoundingClientRect().top ?? 0),
    [list],
  );

  const remember = useCallback(() => {
    const top = box.current?.getBoundingClientRect().top ?? 0;
    const rows = list.current?.querySelectorAll("[data-row]") ?? [];
    const row = [...rows].find((element) => element.getBoundingClientRect().bottom > top);
    anchor.current = row ? { row, offset: offsetOf(row) } : null;
  }, [box, list, offsetOf]);

  const settle = useCallback(() => {
    const view = box.current;
    if (!view) return;
    const { current: held } = anchor;
    if (following.current) view.scrollTop = view.scrollHeight;
    else if (held?.row.isConnected) {
      const moved = offsetOf(held.row) - held.offset;
      if (moved) view.scrollTop += moved;
    }
    remember();
  }, [box, offsetOf, remember]);

  const toBottom = useCallback(() => {
    following.current = true;
    setAtBottom(true);
    settle();
  }, [settle]);

  const onScroll = useCallback(() => {
    const view = box.current;
    if (!view) return;
    following.current = view.scrollHeight - view.scrollTop - view.clientHeight <= bottomWithin;
    setAtBottom(following.current);
    remember();
    if (view.scrollTop < topAhead) onTop();
  }, [box, remember, onTop]);

  // After every change of the rows, before the browser paints.
  useLayoutEffect(settle);

  // A resized window, a phone's keyboard, a growing composer.
  useLayoutEffect(() => {
    const observer = new ResizeObserver(settle);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, [box, settle]);

  return { atBottom, toBottom, onScroll };
}
