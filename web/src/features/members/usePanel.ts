import { useEffect, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { recall, remember } from "../../ui/memory";
import { useWide } from "../../ui/useWide";

const key = "roomful:people";
const panel = "people";

/**
 * Whether the people of the room are shown, and how to change it. Beside the room they stay as they were left; over it
 * they are closed at first; on a phone they are a page of their own, so that the way back leads to the room.
 */
export function usePanel(): [boolean, (open: boolean) => void] {
  const wide = useWide(1100);
  const phone = !useWide(720);
  const [location, navigate] = useLocation();
  const asked = new URLSearchParams(useSearch()).get("panel") === panel;
  const [beside, setBeside] = useState(() => recall(key) !== "closed");
  const [over, setOver] = useState(false);

  function set(open: boolean): void {
    if (asked) close();
    else if (phone && open) navigate(`${location}?panel=${panel}`, { state: { inside: true } });
    else if (!wide) setOver(open);
    else {
      setBeside(open);
      remember(key, open ? "open" : "closed");
    }
  }

  /** Back to where it was opened; a page that began with it has nothing behind. */
  function close(): void {
    if (window.history.state?.inside) window.history.back();
    else navigate(location, { replace: true });
  }
  const open = asked || (phone ? false : wide ? beside : over);
  usePanelKey(() => set(!open));
  return [open, set];
}

/** Ctrl+. shows the people and hides them. */
function usePanelKey(toggle: () => void): void {
  const now = useRef(toggle);
  useEffect(() => {
    now.current = toggle;
  });
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      const pressed = event.key === "." && (event.ctrlKey || event.metaKey) && !event.defaultPrevented;
      if (!pressed || document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]')) return;
      event.preventDefault();
      now.current();
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
