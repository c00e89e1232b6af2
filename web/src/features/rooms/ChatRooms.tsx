import { LogOut, Pencil } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useChat, useChatState } from "../../ChatContext";
import { bareName, type Room } from "../../chat/model";
import { Avatar } from "../../ui/Avatar";
import { IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Door } from "../../ui/Door";
import { Icon } from "../../ui/Icon";
import { Logo } from "../../ui/Logo";
import { ThemeToggle } from "../../ui/theme";
import styles from "./ChatRooms.module.css";

/** The house front: the list of rooms, and who is signed in. */
export function ChatRooms() {
  const { t } = useTranslation();
  const { user, selectedChatroom } = useChat();
  const ready = useChatState((state) => state.roomsReady);
  const rooms = user?.chatrooms ?? [];
  return (
    <nav className={styles.sidebar} aria-label={t("rooms.label")}>
      <div className={styles.head}>
        <span className={styles.logo}>
          <Logo size={22} />
        </span>
        <span className={cx(styles.name, "truncate")}>{t("app")}</span>
        <ThemeToggle />
      </div>
      <div className={styles.scroll}>
        <h2 className={styles.title}>{t("rooms.title")}</h2>
        {rooms.length > 0 && (
          <ul>
            {rooms.map((room) => (
              <li key={room.sid}>
                <RoomRow room={room} open={room.sid === selectedChatroom?.sid} />
              </li>
            ))}
          </ul>
        )}
        {rooms.length === 0 && (ready ? <NoRooms /> : <Skeleton />)}
      </div>
      <Me />
    </nav>
  );
}

function RoomRow({ room, open }: { room: Room; open: boolean }) {
  const { t } = useTranslation();
  const draft = useChatState((state) => !open && Boolean(state.drafts[room.sid]));
  const unread = !room.muted && (room.unread ?? 0) > 0;
  return (
    <Link
      href={`/r/${room.sid}`}
      className={cx(styles.row, unread && styles.unread)}
      aria-current={open ? "page" : undefined}
    >
      <Door isPrivate={room.isPrivate} lit={unread} open={open} />
      <bdi className={cx(styles.rowName, "truncate")}>{bareName(room.name)}</bdi>
      {room.isPrivate && <span className="sr">{t("rooms.private")}</span>}
      {unread && <span className="sr">{t("rooms.unread")}</span>}
      {draft && (
        <span className={styles.mark} title={t("rooms.draft")}>
          <Icon of={Pencil} size={14} />
          <span className="sr">{t("rooms.draft")}</span>
        </span>
      )}
    </Link>
  );
}

function NoRooms() {
  const { t } = useTranslation();
  return (
    <p className={styles.empty}>
      {t("rooms.empty")} <code>{t("rooms.command")}</code>
    </p>
  );
}

function Skeleton() {
  const widths = [62, 48, 70, 40, 56, 52];
  return (
    <ul aria-hidden="true">
      {widths.map((width) => (
        <li key={width} className={styles.row}>
          <span className={styles.bone} style={{ inlineSize: `${width}%` }} />
        </li>
      ))}
    </ul>
  );
}

/** The person's own row: who is signed in, and the way out. */
function Me() {
  const { t } = useTranslation();
  const { user, logout } = useChat();
  const connected = useChatState((state) => state.connected);
  const ready = useChatState((state) => state.roomsReady);
  const unsent = useChatState((state) => Object.values(state.outbox).some((rows) => rows.length > 0));
  const [failed, setFailed] = useState(false);
  if (!user) return null;
  const state = t(connected ? "rooms.online" : ready ? "rooms.offline" : "rooms.connecting");

  async function leave() {
    if (unsent && !window.confirm(t("rooms.unsentLeave"))) return;
    setFailed(false);
    await logout().catch(() => setFailed(true));
  }

  return (
    <>
      {failed && (
        <p className={styles.problem} role="alert">
          {t("rooms.signOutFailed")}
        </p>
      )}
      <div className={styles.me}>
        <Avatar person={{ identity: user.username, name: user.name }} size="sm" online={connected} presence={state} />
        <div className={styles.meText}>
          <b className="truncate">
            <bdi>{user.name}</bdi>
          </b>
          <small className="truncate">{connected ? `@${user.username}` : state}</small>
        </div>
        <IconButton label={t("rooms.signOut")} onClick={leave}>
          <Icon of={LogOut} mirror />
        </IconButton>
      </div>
    </>
  );
}
