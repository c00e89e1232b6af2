import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { useChat } from "../../ChatContext";
import { neighbour } from "../../chat/order";
import { useSections } from "../rooms/useSections";
import { showShortcuts } from "./Shortcuts";

const floating = '[role="dialog"], [role="alertdialog"], [role="menu"]';
const writing = "input, textarea, [contenteditable]";

/** The keys that work anywhere in the page; those of a list or the log are theirs. */
export function useShortcuts({ onSidebar }: { onSidebar: () => void }): void {
  const { selectedChatroom } = useChat();
  const [, navigate] = useLocation();
  const { rooms, dms } = useSections();
  const now = useRef({ open: selectedChatroom?.sid ?? null, order: [...rooms, ...dms], navigate, onSidebar });
  now.current = { open: selectedChatroom?.sid ?? null, order: [...rooms, ...dms], navigate, onSidebar };

  useEffect(() => {
    function go(step: 1 | -1, unreadOnly: boolean) {
      const wanted = unreadOnly
        ? ({ unread, muted }: { unread: number | null; muted: boolean }) => !muted && Boolean(unread)
        : undefined;
      const room = neighbour(now.current.order, now.current.open, step, wanted);
      if (room) now.current.navigate(`/r/${room.sid}`);
    }
    function act(event: KeyboardEvent): boolean {
      const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
      const command = ctrlKey || metaKey;
      const step = { ArrowUp: -1, ArrowDown: 1 }[key] as 1 | -1 | undefined;
      if (altKey && !command && step) go(step, shiftKey);
      else if (key === "F6") cycle(shiftKey ? -1 : 1);
      else if (command && shiftKey && key.toLowerCase() === "d") now.current.onSidebar();
      else if ((command && key === "/") || (key === "?" && !(event.target as Element).matches(writing)))
        showShortcuts();
      else return false;
      return true;
    }
    function onKeyDown(event: KeyboardEvent) {
      if (event.defaultPrevented || event.isComposing || document.querySelector(floating)) return;
      if (act(event)) event.preventDefault();
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}

const regions = 'nav, main [role="log"], main form, main, aside';
const focusable = 'a[href], button:not(:disabled), input, textarea, [tabindex="0"]';

/** Takes the focus to the next part of the page: the list, the messages, the composer, the people. */
function cycle(step: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>(regions)].filter((region) => region.offsetParent !== null);
  const inner = all.filter(
    (region) => region.tagName !== "MAIN" || !all.some((other) => other !== region && region.contains(other)),
  );
  const at = inner.findIndex((region) => region.contains(document.activeElement));
  const region = inner[(at + step + inner.length) % inner.length];
  if (!region) return;
  const stop = region.matches('[tabindex="0"]') ? region : region.querySelector<HTMLElement>(focusable);
  stop?.focus();
}
