import { type RefObject, useEffect, useRef } from "react";
import { isTouch } from "./keys";

/** One can type at once when a room opens, if no keyboard comes over it by that, and when one begins to answer. */
export function useFocus(field: RefObject<HTMLTextAreaElement | null>, answers: string | undefined): void {
  useEffect(() => {
    if (!isTouch()) toEnd(field.current);
  }, [field]);
  const before = useRef(answers);
  useEffect(() => {
    if (answers && answers !== before.current) toEnd(field.current);
    before.current = answers;
  }, [field, answers]);
}

function toEnd(field: HTMLTextAreaElement | null): void {
  field?.focus({ preventScroll: true });
  field?.setSelectionRange(field.value.length, field.value.length);
}
