/** A row counts as read when it was in view this long. */
export const dwellFor = 300;

/**
 * Tells what was in view long enough to be read. It is told the last row in view whenever that changes; scrolling on does
 * not start the clock again, so that who scrolls steadily reads, and scrolling back takes rows out that were not seen long
 * enough.
 */
export function createDwell(read: (index: number) => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let inView = -1;
  /** The last row that has been in view since the clock was started. */
  let since = -1;
  let done = -1;

  function start(): void {
    if (timer !== undefined || inView <= done) return;
    since = inView;
    timer = setTimeout(() => {
      timer = undefined;
      done = since;
      read(since);
      start();
    }, dwellFor);
  }

  return {
    /** The last row in view now. */
    sees(index: number): void {
      inView = index;
      since = Math.min(since, index);
      start();
    },

    /** The person looks away, or reading is over here. */
    stop(): void {
      clearTimeout(timer);
      timer = undefined;
      inView = -1;
      since = -1;
      done = -1;
    },
  };
}
