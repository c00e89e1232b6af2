import type { Edit } from "./format";

/**
 * Changes the text of a field as if the person had typed it: React hears of it, and Ctrl+Z takes it back. Only the old
 * `execCommand` does the second; where it is missing the change is made without. Not to be called in an effect: React sets
 * the text itself then, and nothing can be taken back.
 */
export function applyEdit(field: HTMLTextAreaElement, { from, to, text, select }: Edit): void {
  field.focus();
  field.setSelectionRange(from, to);
  const done = text === "" ? document.execCommand?.("delete") : document.execCommand?.("insertText", false, text);
  if (!done) {
    field.setRangeText(text, from, to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
  }
  field.setSelectionRange(...select);
}

/** Puts a text in place of what is selected. */
export function insertText(field: HTMLTextAreaElement, text: string): void {
  const { selectionStart: from, selectionEnd: to } = field;
  applyEdit(field, { from, to, text, select: [from + text.length, from + text.length] });
}
