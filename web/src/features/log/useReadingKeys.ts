import { useEffect } from "react";
import { useChatActions } from "../../ChatContext";

/** Esc: the open room is read, and shown at its end. Shift+Esc: all rooms are read. Not while something floats over the page. */
export function useReadingKeys(sid: string | null): void {
  const chat = useChatActions();
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
      if (document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]')) return;
      if (event.shiftKey) {
        chat.markAllRead();
      } else if (sid) {
        chat.markRead(sid);
        chat.toLatest(sid);
      }
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [chat, sid]);
}
