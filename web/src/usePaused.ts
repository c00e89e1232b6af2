import { useDeferredValue, useEffect, useState } from "react";

const pause = 150;

/** What is typed, once the person stops for a moment: a list is asked for then. */
export function usePaused(typed: string): string {
  const [value, setValue] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setValue(typed), typed ? pause : 0);
    return () => clearTimeout(timer);
  }, [typed]);
  return useDeferredValue(value);
}
