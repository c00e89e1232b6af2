import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Place, RoomLog } from "../../chat/model";
import {
  type Edges,
  firstBelow,
  hasScrolledUp,
  lastSeen,
  type Mode,
  modeOf,
  positionAfter,
  positionOf,
  wants,
} from "./scroll";

/** As many rows are remembered as anchors, for the case that the first ones are removed. */
const mostAnchors = 12;
/** How long a message that was asked for glows: `--dur-flash`. */
const glowFor = 2_000;

interface Anchor {
  row: Element;
  /** From the top of the list, whatever the scroll position is. */
  offset: number;
}

export interface LogScrollDeps {
  box: RefObject<HTMLElement | null>;
  list: RefObject<HTMLElement | null>;
  log: RoomLog;
  onWants: (end: "older" | "newer") => void;
  /** The last row in view, by index, and whether the reader follows the end. */
  onSees: (index: number | null, atEnd: boolean) => void;
  onAimed: () => void;
  onLeft: (place: Place) => void;
}

/** Called late by listeners, and always as of the last render. */
function useLatest<T>(value: T): RefObject<T> {
  const ref = useRef(value);
  useLayoutEffect(() => {
    ref.current = value;
  });
  return ref;
}

/**
 * Keeps the reader's place: at the end it follows what arrives; elsewhere the first row in view stays on the same pixel when
 * rows come or go around it. (The browser's own anchoring is off: Safari has none, and two would fight.)
 */
export function useLogScroll({ box, list, log, onWants, onSees, onAimed, onLeft }: LogScrollDeps) {
  const mode = useRef<Mode>("atBottom");
  const noted = useRef(0); // the scroll position
  const anchors = useRef<Anchor[]>([]);
  const restored = useRef(false);
  const [atBottom, setAtBottom] = useState(true);
  const [lineAbove, setLineAbove] = useState(false);
  const [glow, setGlow] = useState<number | null>(null);
  const props = useLatest({ log, onWants, onSees, onAimed, onLeft });

  const top = useCallback(() => list.current?.getBoundingClientRect().top ?? 0, [list]);
  const rowsOf = useCallback(() => [...(list.current?.querySelectorAll("[data-row]") ?? [])], [list]);

  /** Notes where the reader is now, and tells it. */
  const note = useCallback(() => {
    const view = box.current;
    if (!view || !list.current) return;
    const { log, onSees, onWants } = props.current;
    mode.current = modeOf(view, log.hasNewer);
    noted.current = view.scrollTop;
    setAtBottom(mode.current === "atBottom");
    const rows = rowsOf();
    const frame = view.getBoundingClientRect();
    const edges = (at: number): Edges => (rows[at] as Element).getBoundingClientRect();
    const first = firstBelow(rows.length, (at) => edges(at).bottom, frame.top);
    const origin = top();
    anchors.current = rows
      .slice(first, first + mostAnchors)
      .map((row) => ({ row, offset: row.getBoundingClientRect().top - origin }));
    const seen = rows.slice(0, lastSeen(rows.length, edges, frame) + 1).findLast((row) => indexOf(row) !== null);
    onSees(seen ? indexOf(seen) : null, mode.current === "atBottom");
    const line = list.current.querySelector("[data-line]")?.getBoundingClientRect();
    setLineAbove(log.line !== null && (line ? line.bottom < frame.top : (log.messages[0]?.index ?? 0) > log.line));
    const end = wants(view, log);
    if (end && log.loading === null && log.failed !== end) onWants(end);
  }, [box, list, props, rowsOf, top]);

  /** Takes the reader to the aim, if its row is there. */
  const aim = useCallback((): boolean => {
    const view = box.current;
    const { log, onAimed } = props.current;
    const target = log.aim;
    if (!view || !target) return false;
    if (target.at === "end") {
      mode.current = "atBottom";
      view.scrollTop = view.scrollHeight;
    } else {
      const row = list.current?.querySelector(`[data-index="${target.index}"]`);
      if (!row) return false;
      const mark =
        (target.at === "third" && target.index === log.line && list.current?.querySelector("[data-line]")) || row;
      const origin = top();
      const { top: from, bottom: to } = mark.getBoundingClientRect();
      const start = view.scrollTop + (origin - view.getBoundingClientRect().top);
      view.scrollTop = positionOf(target.at, { top: start + from - origin, bottom: start + to - origin }, view);
      if (target.at === "middle") setGlow(target.index);
    }
    onAimed();
    return true;
  }, [box, list, props, top]);

  /** A room that was left elsewhere than at its end is shown there again. */
  const restore = useCallback(() => {
    const view = box.current;
    const { place } = props.current.log;
    if (!view || !list.current || restored.current) return;
    restored.current = true;
    const row = place && list.current.querySelector(`[data-index="${place.index}"]`);
    if (!place || !row) return;
    view.scrollTop += row.getBoundingClientRect().top - view.getBoundingClientRect().top - place.offset;
    mode.current = modeOf(view, props.current.log.hasNewer);
    anchors.current = [];
  }, [box, list, props]);

  const settle = useCallback(() => {
    const view = box.current;
    if (!view) return;
    if (!restored.current) view.scrollTop = view.scrollHeight;
    restore();
    if (!aim()) {
      const held = anchors.current.find(({ row }) => row.isConnected);
      const moved = held ? held.row.getBoundingClientRect().top - top() - held.offset : 0;
      if (hasScrolledUp(view, noted.current)) mode.current = modeOf(view, props.current.log.hasNewer);
      const position = positionAfter(mode.current, props.current.log.hasNewer, view, moved);
      if (position !== view.scrollTop) view.scrollTop = position;
    }
    note();
  }, [box, props, aim, restore, note, top]);

  // After every change of the rows, before the browser paints.
  useLayoutEffect(settle);

  // A resized window, a phone's keyboard, a growing composer, a picture that has come.
  useLayoutEffect(() => {
    const observer = new ResizeObserver(settle);
    for (const element of [box.current, list.current]) if (element) observer.observe(element);
    return () => observer.disconnect();
  }, [box, list, settle]);

  useLayoutEffect(() => {
    const leave = () => {
      const [held] = anchors.current;
      const index = held ? indexOf(held.row) : null;
      const frame = box.current?.getBoundingClientRect().top ?? 0;
      const away = mode.current !== "atBottom" && held && index !== null;
      props.current.onLeft(away ? { index, offset: held.row.getBoundingClientRect().top - frame } : null);
    };
    return leave;
  }, [box, props]);

  useEffect(() => {
    if (glow === null) return;
    const timer = setTimeout(() => setGlow(null), glowFor);
    return () => clearTimeout(timer);
  }, [glow]);

  return { atBottom, lineAbove, glow, onScroll: note };
}

function indexOf(row: Element): number | null {
  const index = (row as HTMLElement).dataset.index;
  return index === undefined ? null : Number(index);
}
