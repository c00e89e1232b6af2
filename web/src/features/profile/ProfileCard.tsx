import { useRef } from "react";
import { Dialog as Pane, Popover } from "react-aria-components";
import type { Room } from "../../chat/model";
import { Dialog } from "../../ui/Dialog";
import { useWide } from "../../ui/useWide";
import { usePerson } from "../../usePerson";
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
  const details = <ProfileDetails identity={identity} room={room} onClose={onClose} heading={!phone} />;
  if (phone)
    return (
      <Dialog title={name} isOpen onClose={onClose} size="small">
        {details}
      </Dialog>
    );
  return (
    <Popover
      className={styles.popover}
      triggerRef={trigger}
      isOpen
      onOpenChange={(open) => !open && onClose()}
      placement={anchor.closest("aside") ? "left top" : "right top"}
      offset={12}
    >
      <Pane className={styles.pane}>{details}</Pane>
    </Popover>
  );
}
