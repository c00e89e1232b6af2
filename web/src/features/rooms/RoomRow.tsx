import { BellOff, Pencil } from "lucide-react";
import type { HTMLAttributes } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useChatState } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { mentionCount } from "../../chat/unreads";
import { Avatar, Several } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { Door } from "../../ui/Door";
import { Icon } from "../../ui/Icon";
import pill from "../../ui/Pill.module.css";
import { useBareTitle, usePerson } from "../../usePerson";
import styles from "./ChatRooms.module.css";

const mostShown = 99;

interface RoomRowProps {
  room: Room;
  open: boolean;
  /** Makes the list one tab stop. */
  stop: HTMLAttributes<HTMLElement>;
  /** Opens the room's menu. */
  menu: HTMLAttributes<HTMLElement>;
}

/** A room in the list, with what is new in it. */
export function RoomRow({ room, open, stop, menu }: RoomRowProps) {
  const title = useBareTitle(room);
  const unread = room.muted ? 0 : (room.unread ?? 0);
  return (
    <Link
      href={`/r/${room.sid}`}
      className={cx(styles.row, unread > 0 && styles.unread, room.muted && styles.muted)}
      aria-current={open ? "page" : undefined}
      data-begins={title}
      draggable={false}
      {...menu}
      {...stop}
    >
      <RoomSign room={room} lit={unread > 0} open={open} />
      <bdi className={cx(styles.rowName, "truncate")}>{title}</bdi>
      <Marks room={room} open={open} unread={unread} />
    </Link>
  );
}

/** A door for a room; for a direct message the other's face, or how many there are. */
function RoomSign({ room, lit, open }: { room: Room; lit: boolean; open: boolean }) {
  const [other, ...more] = room.others;
  if (room.kind === "room" || !other) return <Door isPrivate={room.isPrivate} lit={lit} open={open} />;
  if (more.length > 0) {
    return <Several count={room.others.length} size="xs" />;
  }
  return <OtherFace identity={other} />;
}

function OtherFace({ identity }: { identity: string }) {
  const person = usePerson(identity);
  return <Avatar person={person} size="xs" online={person.online} />;
}

function Marks({ room, open, unread }: { room: Room; open: boolean; unread: number }) {
  const { t } = useTranslation();
  const draft = useChatState((state) => !open && Boolean(state.drafts[room.sid]));
  const mentions = useChatState((state) => mentionCount(state, room.sid));
  const shown = (count: number) => (count > mostShown ? `${mostShown}+` : count);
  return (
    <>
      {room.isPrivate && room.kind === "room" && <span className="sr">{t("rooms.private")}</span>}
      {draft && <Mark of={Pencil} text={t("rooms.draft")} />}
      {room.muted && <Mark of={BellOff} text={t("rooms.muted")} />}
      {mentions > 0 && room.kind === "room" && (
        <span className={pill.pill}>
          {shown(mentions)} <span className="sr">{t("rooms.mentions", { count: mentions })}</span>
        </span>
      )}
      {unread > 0 && (mentions === 0 || room.kind === "dm") && (
        <span className={room.kind === "dm" ? pill.pill : styles.count}>
          {shown(unread)} <span className="sr">{t("rooms.unread")}</span>
        </span>
      )}
    </>
  );
}

function Mark({ of, text }: { of: typeof Pencil; text: string }) {
  return (
    <span className={styles.mark} title={text}>
      <Icon of={of} size={14} />
      <span className="sr">{text}</span>
    </span>
  );
}
