import type { KeyboardEvent } from "react";
import { useChatActions } from "../../ChatContext";
import type { ChatState } from "../../chat/store";
import { applyEdit } from "./edit";
import { mark } from "./format";
import { formatOf, sends } from "./keys";

/** Keys of an input method end up here with this code in browsers that do not say `isComposing`. */
const composingKey = 229;

/** What the keys do in the composer. `press` hands them to a list first; `submit` sends. */
export function useKeys(sid: string, press: (event: KeyboardEvent) => boolean, submit: () => void) {
  const chat = useChatActions();

  /** Edits what this person wrote last, as far as it is loaded. */
  function editLast(): boolean {
    const last = lastOwn(chat.store.getState(), sid);
    if (last !== undefined) chat.startEditing(sid, last);
    return last !== undefined;
  }
  function cancelReply(): boolean {
    const { quote } = chat.store.getState().enclosures[sid] ?? {};
    if (quote) chat.setQuote(sid, null);
    return Boolean(quote);
  }
  /** Whether the composer takes the key. */
  function take(event: KeyboardEvent<HTMLTextAreaElement>): boolean {
    const { key, nativeEvent, currentTarget: field } = event;
    const format = formatOf(nativeEvent);
    const isPlain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey;
    if (press(event)) return true;
    if (key === "ArrowUp" && isPlain && field.value === "") return editLast();
    if (key === "Escape" && isPlain) return cancelReply();
    if (format) applyEdit(field, mark(field.value, field.selectionStart, field.selectionEnd, format));
    else if (sends(nativeEvent)) submit();
    else return false;
    return true;
  }
  return (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing || event.keyCode === composingKey) return;
    if (take(event)) event.preventDefault();
  };
}

const lastOwn = ({ logs, me, hidden }: ChatState, sid: string): number | undefined =>
  logs[sid]?.messages.findLast(({ author, system, sid }) => author === me?.identity && !system && !hidden[sid])?.index;
