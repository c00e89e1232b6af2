/**
 * Where the reader is in a log, and where the view has to go when the log changes; without a browser, in numbers.
 *
 * - `atBottom`: the log shows the room's end; it follows what arrives.
 * - `reading`: further up; rows that come or go must not move what is read.
 * - `jumped`: in a stretch that does not reach the room's end.
 */
export type Mode = "atBottom" | "reading" | "jumped";

/** Nearer than this to the end counts as being there. */
export const bottomWithin = 40;
/** Further messages are asked for this far ahead. */
export const loadAhead = 600;

export interface View {
  scrollTop: number;
  clientHeight: number;
  scrollHeight: number;
}

/** A row's edges, from the top of the list. */
export interface Edges {
  top: number;
  bottom: number;
}

const fromEnd = (view: View) => view.scrollHeight - view.scrollTop - view.clientHeight;

export function modeOf(view: View, hasNewer: boolean): Mode {
  if (hasNewer) return "jumped";
  return fromEnd(view) <= bottomWithin ? "atBottom" : "reading";
}

/**
 * Whether the reader has scrolled up since the position was `noted`, of which the browser tells only with the next frame. (A log
 * that got shorter, or a view that got taller, also has a smaller position, but is at its end.)
 */
export function hasScrolledUp(view: View, noted: number): boolean {
  return view.scrollTop < noted - 1 && fromEnd(view) > bottomWithin;
}

/** The scroll position after the rows, or the sizes, have changed. `moved` is how far the rows in view went in the list. */
export function positionAfter(mode: Mode, hasNewer: boolean, view: View, moved: number): number {
  return mode === "atBottom" && !hasNewer ? view.scrollHeight - view.clientHeight : view.scrollTop + moved;
}

/** The scroll position that shows a row: its top at a third of the height, or all of it in the middle. */
export function positionOf(at: "third" | "middle", row: Edges, view: View): number {
  const { clientHeight, scrollHeight } = view;
  const height = Math.min(row.bottom - row.top, clientHeight);
  const wanted = at === "third" ? row.top - clientHeight / 3 : row.top - (clientHeight - height) / 2;
  return Math.max(0, Math.min(wanted, scrollHeight - clientHeight));
}

/** The end near which the reader is and that has more. */
export function wants(view: View, log: { hasOlder: boolean; hasNewer: boolean }): "older" | "newer" | null {
  if (log.hasOlder && view.scrollTop < loadAhead) return "older";
  if (log.hasNewer && fromEnd(view) < loadAhead) return "newer";
  return null;
}

/** The first of the rows, which follow one another, whose bottom is below `y`. */
export function firstBelow(count: number, bottomOf: (at: number) => number, y: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bottomOf(middle) > y) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The last row that is seen to its end, or that fills most of the view; -1 for none. */
export function lastSeen(count: number, edgesOf: (at: number) => Edges, view: Edges): number {
  const cut = firstBelow(count, (at) => edgesOf(at).bottom, view.bottom + 1);
  const fills = cut < count && edgesOf(cut).top < (view.top + view.bottom) / 2;
  return fills ? cut : cut - 1;
}
