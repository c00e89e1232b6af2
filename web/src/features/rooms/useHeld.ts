import { type FocusEvent, useState } from "react";

/**
 * Whether somebody is about to press something in an element: points at it, or is in it by keyboard. What a mouse has
 * pressed keeps the focus, which says nothing of what comes next.
 */
export function useHeld() {
  const [pointed, setPointed] = useState(false);
  const [within, setWithin] = useState(false);
  const handlers = {
    onPointerEnter: () => setPointed(true),
    onPointerLeave: () => setPointed(false),
    onFocus: ({ target }: FocusEvent) => setWithin(target.matches(":focus-visible")),
    // From one row to the next is not out of the list: it must not be sorted in between.
    onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => {
      if (!currentTarget.contains(relatedTarget)) setWithin(false);
    },
  };
  return { held: pointed || within, handlers };
}
