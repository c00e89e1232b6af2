import { type RefObject, useEffect, useRef } from "react";
import { isTouch } from "./keys";

type Field = HTMLTextAreaElement | null;

/**
 * One can type at once when a room opens, if no keyboard comes over it by that, when one begins to answer, and when a text
 * comes back that was not sent.
 */
export function useFocus(field: RefObject<Field>, text: string, answers: string | undefined): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: `text` came otherwise than by typing
  useEffect(() => {
    if (!isTouch() && document.activeElement === document.body) toEnd(field.current);
  }, [field, text]);
  useEffect(() => {
    if (!isTouch()) toEnd(field.current);
  }, [field]);
  const before = useRef(answers);
  useEffect(() => {
    if (answers && answers !== before.current) toEnd(field.current);
    before.current = answers;
  }, [field, answers]);
}

function toEnd(field: Field): void {
  field?.focus({ preventScroll: true });
  field?.setSelectionRange(field.value.length, field.value.length);
}
