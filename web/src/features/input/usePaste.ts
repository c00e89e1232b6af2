import { type ClipboardEvent, useState } from "react";
import { applyEdit } from "./edit";
import { link } from "./format";

/** More lines than these are better in a block of code, or a file. */
const long = 20;

export const linesOf = (text: string) => text.trimEnd().split("\n").length;

/** What is pasted: files go with the message, an address over words makes a link, and a long text is remembered. */
export function usePaste(onFiles: (files: File[]) => void) {
  const [pasted, setPasted] = useState<string | null>(null);

  function onPaste(event: ClipboardEvent<HTMLTextAreaElement>): void {
    const { clipboardData, currentTarget: field } = event;
    const text = clipboardData.getData("text/plain").replace(/\r\n?/g, "\n");
    const files = [...clipboardData.files];
    const edit = link(field.value, field.selectionStart, field.selectionEnd, text);
    // What is copied from a document comes as text, and as a picture of it, too.
    if (files.length > 0 && !text) onFiles(files);
    else if (edit) applyEdit(field, edit);
    else {
      if (linesOf(text) > long) setPasted(text);
      return;
    }
    event.preventDefault();
  }
  return { onPaste, pasted, forget: () => setPasted(null) };
}
