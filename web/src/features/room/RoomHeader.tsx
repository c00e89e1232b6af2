import { ChevronLeft, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useChat, useChatState } from "../../ChatContext";
import { bareName, type Room } from "../../chat/model";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { Door } from "../../ui/Door";
import { Icon } from "../../ui/Icon";
import styles from "./RoomHeader.module.css";

export function RoomHeader({ room, panelOpen, onPanel }: { room: Room; panelOpen: boolean; onPanel: () => void }) {
  const { t } = useTranslation();
  const { user } = useChat();
  const members = useChatState((state) => state.members[room.sid]);
  const people = useChatState((state) => state.people);
  const unread = user?.chatrooms.filter((other) => other.unread && other.sid !== room.sid).length ?? 0;
  const faces = (members ?? []).flatMap((member) => member.identity ?? []).slice(0, 3);
  return (
    <header className={styles.header}>
      <Link
        href="/"
        className={styles.back}
        aria-label={t(unread ? "room.backUnread" : "room.back", { count: unread })}
      >
        <Icon of={ChevronLeft} mirror />
        {unread > 0 && <span className={styles.pill}>{unread}</span>}
      </Link>
      <span className={styles.door}>
        <Door isPrivate={room.isPrivate} size="md" />
      </span>
      <h1 className={cx(styles.title, "truncate")}>
        <bdi>{bareName(room.name)}</bdi>
      </h1>
      {members && (
        <button type="button" className={styles.people} aria-pressed={panelOpen} onClick={onPanel}>
          <span className={styles.stack} aria-hidden="true">
            {faces.map((identity) => (
              <Avatar key={identity} person={people[identity] ?? { identity, name: identity }} size="xs" />
            ))}
          </span>
          <span className={styles.glyph}>
            <Icon of={Users} />
          </span>
          {members.length}
          <span className="sr">{t("room.people", { count: members.length })}</span>
        </button>
      )}
    </header>
  );
}
