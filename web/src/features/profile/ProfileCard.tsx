import { useRef, useState } from "react";
import { Dialog as Pane, Popover } from "react-aria-components";
import type { Room } from "../../chat/model";
import { Dialog } from "../../ui/Dialog";
import { useWide } from "../../ui/useWide";
import { usePerson } from "../../usePerson";
import { Ask, type Question } from "./Moderation";
import styles from "./ProfileCard.module.css";
import { ProfileDetails } from "./ProfileDetails";

interface ProfileCardProps {
  identity: string;
  room: Room | null;
  anchor: HTMLElement;
  onClose: () => void;
}

/** Somebody's card: beside what was pressed for it, on a phone from below. */
export function ProfileCard({ identity, room, anchor, onClose }: ProfileCardProps) {
  const { name } = usePerson(identity);
  const phone = !useWide(720);
  const trigger = useRef(anchor);
  const [asking, setAsking] = useState<Question | null>(null);
  const asked = useRef(false);
  /** The popover would take it for a close that the question takes the focus. */
  function ask(question: Question): void {
    asked.current = true;
    setAsking(question);
  }
  /** The card makes way for a question, so what the focus came from is out of the page by then. */
  function close(): void {
    onClose();
    if (asking) setTimeout(() => anchor.focus());
  }
  if (asking && room) return <Ask question={asking} room={room} identity={identity} onClose={close} />;
  const details = <ProfileDetails {...{ identity, room, onClose }} onAsk={ask} heading={!phone} />;
  if (phone)
    return (
      <Dialog title={<span className="sr">{name}</span>} isOpen onClose={onClose}>
        <div className={styles.sheet}>{details}</div>
      </Dialog>
    );
  return (
    <Popover
      className={styles.popover}
      triggerRef={trigger}
      isOpen
      onOpenChange={(open) => !open && !asked.current && onClose()}
      placement={anchor.closest("aside") ? "left top" : "right top"}
      offset={12}
    >
      <Pane className={styles.pane}>{details}</Pane>
    </Popover>
  );
}
