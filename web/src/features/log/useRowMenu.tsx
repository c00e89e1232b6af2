import { type FocusEvent, type KeyboardEvent, type PointerEvent, type RefObject, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useChatActions, useChatState } from "../../ChatContext";
import type { ChatMessage, Room } from "../../chat/model";
import { type ActKey, actOf, reacts } from "./messageActs";
import { RowMenu } from "./RowMenu";
import { RowSheet } from "./RowSheet";
import { useMessageActs } from "./useMessageActs";
import { useReact } from "./useReact";

/** A finger that stays this long on a message opens its menu. */
const longPress = 500;

const rowAt = (target: EventTarget): HTMLElement | null =>
  (target as Element).closest<HTMLElement>("[data-row][data-index] > article")?.parentElement ?? null;
const isPressable = (target: EventTarget) => (target as Element).closest("button, a, textarea, input, video, audio");

/**
 * What one can do with a message: at the row under the pointer or with the focus, by long press, and by keys. There is one
 * menu for the log, in the row that it is for.
 */
export function useRowMenu(room: Room, list: RefObject<HTMLElement | null>) {
  const [row, setRow] = useState<HTMLElement | null>(null);
  const [open, setOpen] = useState<"menu" | "emoji" | "sheet" | null>(null);
  const press = useRef<ReturnType<typeof setTimeout>>(undefined);
  const chat = useChatActions();
  const doing = useMessageActs(room);
  const react = useReact(room.sid);

  const messageOf = (of: HTMLElement | null): ChatMessage | undefined => {
    const index = Number(of?.dataset.index ?? Number.NaN);
    return chat.store.getState().logs[room.sid]?.messages.find((message) => message.index === index);
  };

  function onPointerDown(event: PointerEvent) {
    clearTimeout(press.current);
    const pressed = rowAt(event.target);
    if (event.pointerType !== "touch" || !pressed || isPressable(event.target)) return;
    press.current = setTimeout(() => {
      setRow(pressed);
      setOpen("sheet");
      swallowClick(event.pointerId);
    }, longPress);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey || open) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step && move(list.current, event.target as Element, step)) return event.preventDefault();
    const focused = rowAt(event.target);
    const message = focused?.firstElementChild === event.target ? messageOf(focused) : undefined;
    if (!focused || !message) return;
    const act = actOf(event.key, doing.of(message));
    if (act) doing.run(act.key, message, focused, event.shiftKey);
    else if (reacts(event.key) && doing.writes) setOpen("emoji");
    else return;
    event.preventDefault();
  }

  const stopPress = () => clearTimeout(press.current);
  const handlers = {
    onKeyDown,
    onPointerDown,
    onPointerMove: stopPress,
    onPointerUp: stopPress,
    onPointerCancel: stopPress,
    onPointerOver: (event: PointerEvent) => event.pointerType === "mouse" && !open && setRow(rowAt(event.target)),
    onPointerLeave: (event: PointerEvent) => event.pointerType === "mouse" && !open && setRow(null),
    onFocus: (event: FocusEvent) => !open && rowAt(event.target) && setRow(rowAt(event.target)),
  };

  const message = row?.isConnected ? messageOf(row) : undefined;
  const editing = useChatState((state) => state.editing[room.sid]?.index);
  if (!row || !message || message.index === editing) return { handlers, element: doing.element };
  const shared = {
    acts: doing.of(message),
    mayReact: doing.writes,
    onAct: (key: ActKey) => doing.run(key, message, row),
    onReact: (emoji: string) => react(message, emoji, true),
  };
  const tools = open !== "sheet" && <RowMenu {...shared} open={open} onOpen={setOpen} />;
  return {
    handlers,
    element: (
      <>
        {tools && createPortal(tools, row.firstElementChild ?? row)}
        <RowSheet {...shared} isOpen={open === "sheet"} onClose={() => setOpen(null)} />
        {doing.element}
      </>
    ),
  };
}

/** When the finger that opened the sheet goes up, the browser may make a click of it on what is there by then. */
function swallowClick(finger: number): void {
  const swallow = (event: GlobalEventHandlersEventMap["click"]) => {
    if (event.pointerId !== finger) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const stop = () => setTimeout(() => window.removeEventListener("click", swallow, true), 300);
  window.addEventListener("click", swallow, true);
  window.addEventListener("touchend", stop, { once: true });
  window.addEventListener("touchcancel", stop, { once: true });
}

/** Moves the focus to the row before or after the one that has it; from the log itself to the last one in view. */
function move(list: HTMLElement | null, from: Element, step: number): boolean {
  const rows = [...(list?.querySelectorAll<HTMLElement>("[data-row] > article") ?? [])];
  const at = rows.findIndex((row) => row.contains(from));
  const frame = list?.parentElement?.getBoundingClientRect();
  const inView = rows.findLastIndex((row) => row.getBoundingClientRect().bottom <= (frame?.bottom ?? 0) + 1);
  const next = rows[at < 0 ? inView : at + step];
  next?.focus();
  return next !== undefined;
}
