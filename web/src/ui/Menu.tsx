import { Check, type LucideIcon } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import {
  Header,
  Menu,
  MenuTrigger,
  Popover,
  type PopoverProps,
  Button as Pressable,
  MenuItem as RowOfMenu,
  MenuSection as SectionOfMenu,
} from "react-aria-components";
import buttons from "./Button.module.css";
import { cx } from "./cx";
import styles from "./Floating.module.css";
import { Icon } from "./Icon";

interface MenuButtonProps {
  /** What the button is called, after what can be read in its face. */
  label: string;
  /** What the button shows: an icon, or anything else with `className` of its own. */
  icon?: LucideIcon;
  face?: ReactNode;
  className?: string | undefined;
  placement?: PopoverProps["placement"];
  /** For who opens it by other means, too. */
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  children: ReactNode;
}

/** A button that opens a menu of `MenuItem`s. */
export function MenuButton({
  label,
  icon,
  face,
  className,
  placement = "bottom end",
  children,
  ...opening
}: MenuButtonProps) {
  return (
    <MenuTrigger {...opening}>
      <Pressable {...(face ? {} : { "aria-label": label })} className={className ?? (buttons.icon as string)}>
        {icon ? <Icon of={icon} /> : face}
        {face && <span className="sr">{label}</span>}
      </Pressable>
      <Popover className={styles.popover as string} placement={placement}>
        <Menu className={styles.menu as string} aria-label={label}>
          {children}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

interface MenuItemProps {
  icon?: LucideIcon;
  onAction: () => void;
  danger?: boolean;
  disabled?: boolean;
  /** The key that does the same, where it works. */
  shortcut?: string;
  children: string;
}

export function MenuItem({ icon, onAction, danger = false, disabled = false, shortcut, children }: MenuItemProps) {
  return (
    <RowOfMenu
      className={cx(styles.item, danger && styles.danger)}
      textValue={children}
      isDisabled={disabled}
      onAction={onAction}
    >
      {icon && <Icon of={icon} size={16} />}
      <span>{children}</span>
      {shortcut && <kbd>{shortcut}</kbd>}
    </RowOfMenu>
  );
}

/** Items that belong together; `label` is heard, not seen. */
export function MenuSection({ label, children }: { label: string; children: ReactNode }) {
  return (
    <SectionOfMenu className={styles.section as string} aria-label={label}>
      {children}
    </SectionOfMenu>
  );
}

interface MenuChoiceProps<T extends string> {
  label: string;
  value: T;
  onChange: (value: T) => void;
  options: { value: T; text: string }[];
}

/** Items of which one is chosen; `label` is seen above them. */
export function MenuChoice<T extends string>({ label, value, onChange, options }: MenuChoiceProps<T>) {
  return (
    <SectionOfMenu
      className={styles.section as string}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => keys !== "all" && onChange([...keys][0] as T)}
    >
      <Header className={styles.head as string}>{label}</Header>
      {options.map(({ value: key, text }) => (
        <RowOfMenu key={key} id={key} className={styles.item as string} textValue={text}>
          {({ isSelected }) => (
            <>
              <span className={styles.check}>{isSelected && <Icon of={Check} size={16} />}</span>
              <span>{text}</span>
            </>
          )}
        </RowOfMenu>
      ))}
    </SectionOfMenu>
  );
}

/** A finger that stays this long opens the menu of what it is on. */
const longPress = 500;

/**
 * The menu of one of many things, such as a row of a list: by right click, the menu key or Shift+F10, or a finger that stays.
 *
 * `handlers(subject)` go on the thing; `element(label, items)` is rendered once beside the list.
 */
export function useContextMenu<T>() {
  const [open, setOpen] = useState<{ subject: T; x: number; y: number } | null>(null);
  const anchor = useRef<HTMLSpanElement>(null);
  const press = useRef<ReturnType<typeof setTimeout>>(undefined);
  const stopPress = () => clearTimeout(press.current);

  function under(element: Element, subject: T) {
    const box = element.getBoundingClientRect();
    setOpen({ subject, x: box.left + 24, y: box.bottom });
  }
  const handlers = (subject: T) => ({
    onContextMenu: (event: MouseEvent) => {
      event.preventDefault();
      stopPress();
      if (event.button === 2) setOpen({ subject, x: event.clientX, y: event.clientY });
      else under(event.currentTarget, subject);
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "F10" || !event.shiftKey) return;
      event.preventDefault(); // not every browser makes a context menu of it
      under(event.currentTarget, subject);
    },
    onPointerDown: (event: PointerEvent) => {
      stopPress();
      const element = event.currentTarget;
      if (event.pointerType === "touch") press.current = setTimeout(() => under(element, subject), longPress);
    },
    onPointerMove: stopPress,
    onPointerUp: stopPress,
    onPointerCancel: stopPress,
  });
  const element = (label: string, items: (subject: T) => ReactNode) => (
    <>
      <span ref={anchor} className={styles.anchor} style={{ left: open?.x, top: open?.y }} />
      <Popover
        className={styles.popover as string}
        triggerRef={anchor}
        placement="bottom start"
        isOpen={open !== null}
        onOpenChange={(isOpen) => !isOpen && setOpen(null)}
      >
        <Menu className={styles.menu as string} aria-label={label} autoFocus="first" onClose={() => setOpen(null)}>
          {open && items(open.subject)}
        </Menu>
      </Popover>
    </>
  );
  return { handlers, element, subject: open?.subject ?? null };
}
