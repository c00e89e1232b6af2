import type { Mark } from "./format";
import { sendKey } from "./sendKey";

/** A key as the browser tells it. */
export type Press = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

const formats: Record<string, Mark> = { b: "bold", i: "italic", e: "code", "shift+x": "strike" };

const isMac = /Mac|iP/.test(navigator.platform);
export const isTouch = () => matchMedia("(pointer: coarse)").matches;

/** Ctrl, and on a Mac, where Ctrl moves the caret, ⌘. */
export const isCommand = ({ ctrlKey, metaKey, altKey }: Press) =>
  (isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey) && !altKey;

/** Whether this key sends the message. With a finger Enter breaks the line, as there the button is near. */
export function sends(press: Press): boolean {
  if (press.key !== "Enter" || press.shiftKey || press.altKey) return false;
  return isCommand(press) || (!press.ctrlKey && !press.metaKey && !isTouch() && sendKey() === "enter");
}

/** What this key makes of what is selected. */
export function formatOf(press: Press): Mark | null {
  return (isCommand(press) && formats[(press.shiftKey ? "shift+" : "") + letter(press)]) || null;
}

export const isUpload = (press: Press) => isCommand(press) && !press.shiftKey && letter(press) === "u";

/** Where letters are not Latin ones, the key counts that has the letter elsewhere. */
const letter = ({ key, code }: Press) => (/^[ -~]$/.test(key) ? key : code.replace(/^Key/, "")).toLowerCase();
