import { CircleUser, Ellipsis, Link as LinkIcon, MailOpen } from "lucide-react";
import { type FocusEvent, type KeyboardEvent, type PointerEvent, type RefObject, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { useTranslation } from "react-i18next";
import { useChatActions } from "../../ChatContext";
import { permalink } from "../../route";
import { MenuButton, MenuItem } from "../../ui/Menu";
import { toast } from "../../ui/Toast";
import { useShowProfile } from "../profile/ProfileContext";
import styles from "./Popovers.module.css";

/** A finger that stays this long on a message opens its menu. */
const longPress = 500;

const rowAt = (target: EventTarget): HTMLElement | null =>
  (target as Element).closest<HTMLElement>("[data-row][data-index] > article")?.parentElement ?? null;

/**
 * What one can do with a message: at the row under the pointer or with the focus, by long press, and by keys. There is one
 * menu for the log, in the row that it is for.
 */
export function useRowMenu(sid: string, list: RefObject<HTMLElement | null>) {
  const [row, setRow] = useState<HTMLElement | null>(null);
  const [open, setOpen] = useState(false);
  const press = useRef<ReturnType<typeof setTimeout>>(undefined);
  const act = useRowActions(sid);
  const index = Number(row?.dataset.index);
  const chat = useChatActions();
  const show = useShowProfile();

  function showAuthor(of: HTMLElement) {
    const { messages = [] } = chat.store.getState().logs[sid] ?? {};
    const author = messages.find((message) => message.index === Number(of.dataset.index))?.author;
    const anchor = of.querySelector<HTMLElement>("article");
    if (author && anchor) show(author, anchor);
  }

  function onPointerDown(event: PointerEvent) {
    clearTimeout(press.current);
    const pressed = rowAt(event.target);
    if (event.pointerType !== "touch" || !pressed || (event.target as Element).closest("button, a")) return;
    press.current = setTimeout(() => {
      setRow(pressed);
      setOpen(true);
    }, longPress);
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey || open) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step && move(list.current, event.target as Element, step)) event.preventDefault();
    const focused = rowAt(event.target);
    const key = event.key.toLowerCase();
    if (focused && (key === "u" || key === "l")) {
      event.preventDefault();
      act(key === "u" ? "unread" : "link", Number(focused.dataset.index));
    }
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
  const element =
    row?.isConnected &&
    createPortal(
      <RowMenu
        open={open}
        onOpen={setOpen}
        onAction={(key) => (key === "profile" ? showAuthor(row) : act(key, index))}
      />,
      row.firstElementChild ?? row,
    );
  return { handlers, element };
}

type RowAction = "unread" | "link";

function RowMenu({
  open,
  onOpen,
  onAction,
}: {
  open: boolean;
  onOpen: (open: boolean) => void;
  onAction: (key: RowAction | "profile") => void;
}) {
  const { t } = useTranslation();
  return (
    <div className={styles.tools} aria-live="off">
      <MenuButton label={t("log.actions")} icon={Ellipsis} className={styles.tool} isOpen={open} onOpenChange={onOpen}>
        <MenuItem icon={LinkIcon} shortcut="L" onAction={() => onAction("link")}>
          {t("log.copyLink")}
        </MenuItem>
        <MenuItem icon={CircleUser} onAction={() => onAction("profile")}>
          {t("log.profile")}
        </MenuItem>
        <MenuItem icon={MailOpen} shortcut="U" onAction={() => onAction("unread")}>
          {t("log.markUnread")}
        </MenuItem>
      </MenuButton>
    </div>
  );
}

function useRowActions(sid: string) {
  const { t } = useTranslation();
  const chat = useChatActions();
  return async (key: RowAction, index: number) => {
    if (!Number.isInteger(index)) return;
    try {
      if (key === "unread") return await chat.markUnread(sid, index);
      await navigator.clipboard.writeText(new URL(permalink(sid, index), window.location.href).href);
      toast(t("log.copied"));
    } catch {
      toast(t(key === "unread" ? "log.failedUnread" : "log.failedCopy"));
    }
  };
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
