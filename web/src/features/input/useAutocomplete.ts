import { type KeyboardEvent, type RefObject, useCallback, useRef, useState } from "react";
import type { Person } from "../../chat/model";
import { usedEmoji } from "../emoji/memory";
import { applyEdit } from "./edit";
import type { ListKeys, Shown } from "./Suggestions";
import type { Suggestion } from "./suggestion";
import { type Trigger, triggerAt } from "./trigger";

/**
 * Follows what is typed in a field, and completes it. `list` are the props of `Suggestions`, which is there while
 * there is a `trigger`; `aria` goes on the field.
 */
export function useAutocomplete(field: RefObject<HTMLTextAreaElement | null>, onOutsider: (person: Person) => void) {
  const [trigger, setTrigger] = useState<Trigger | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const keys = useRef<ListKeys>(null);
  /** Where the sign stands whose list the person has closed. */
  const closed = useRef<number | null>(null);

  const found = () => {
    const { current } = field;
    if (!current || current.selectionStart !== current.selectionEnd) return null;
    return triggerAt(current.value, current.selectionStart);
  };
  const follow = (now: Trigger | null) =>
    setTrigger((before) =>
      now && before && now.from === before.from && now.typed === before.typed && now.kind === before.kind
        ? before
        : now,
    );

  /** The text has changed: only then a list opens. */
  function typed(): void {
    const now = found();
    if (now?.from !== closed.current) closed.current = null;
    follow(closed.current === null ? now : null);
  }
  /** The caret has moved: a list stays while it is where it was. */
  function moved(): void {
    if (!trigger) return;
    const now = found();
    follow(now?.from === trigger.from ? now : null);
  }
  const close = useCallback(() => setTrigger(null), []);

  function choose(suggestion: Suggestion): void {
    const { insert } = suggestion;
    const { current } = field;
    if (!current || !trigger) return;
    const caret = current.selectionEnd;
    // A space that follows already is stepped over.
    const text = current.value[caret] === " " ? insert.trimEnd() : insert;
    const end = trigger.from + insert.length;
    applyEdit(current, { from: trigger.from, to: caret, text, select: [end, end] });
    if (suggestion.kind === "emoji") usedEmoji(suggestion.emoji);
    if (suggestion.kind === "person" && suggestion.outside) onOutsider(suggestion.person);
    close();
  }

  /** Whether the list takes this key. */
  const press = (event: KeyboardEvent): boolean => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && (!event.shiftKey || event.key === ":");
    return plain && (keys.current?.press(event.key) ?? false);
  };

  return {
    typed,
    moved,
    close,
    press,
    shown,
    list: trigger && {
      trigger,
      ref: keys,
      onChoose: choose,
      onClose: () => {
        closed.current = trigger.from;
        close();
      },
      onShown: setShown,
    },
    // HTML leaves a text area no other role, and a combobox has one line: so it is a text box that lists complete.
    aria: {
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      "aria-controls": shown?.list,
      "aria-activedescendant": shown?.active,
    } as const,
  };
}
