import { ChevronLeft, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useChat, useChatState } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { Avatar, Several } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { Door } from "../../ui/Door";
import { Icon } from "../../ui/Icon";
import pill from "../../ui/Pill.module.css";
import { useBareTitle, usePerson } from "../../usePerson";
import { Pins } from "../pins/Pins";
import styles from "./RoomHeader.module.css";
import { RoomMenu } from "./RoomMenu";

export function RoomHeader({ room, panelOpen, onPanel }: { room: Room; panelOpen: boolean; onPanel: () => void }) {
  const { t } = useTranslation();
  const { user } = useChat();
  const title = useBareTitle(room);
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
        {unread > 0 && <span className={pill.pill}>{unread}</span>}
      </Link>
      <span className={styles.door}>
        <RoomFace room={room} />
      </span>
      <div className={styles.words}>
        <h1 className={cx(styles.title, "truncate")}>
          <bdi>{title}</bdi>
        </h1>
        {room.topic && (
          <p className={cx(styles.topic, "truncate")} title={room.topic}>
            {room.topic}
          </p>
        )}
      </div>
      <Pins room={room} />
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
      <RoomMenu room={room} />
    </header>
  );
}

/** A room's door; of a direct message the other person, and whether they are there, or how many they are. */
function RoomFace({ room }: { room: Room }) {
  const [other, ...more] = room.others;
  if (room.kind === "room" || !other) return <Door isPrivate={room.isPrivate} size="md" />;
  if (more.length > 0) return <Several count={room.others.length} />;
  return <OtherFace identity={other} />;
}

function OtherFace({ identity }: { identity: string }) {
  const person = usePerson(identity);
  return <Avatar person={person} size="sm" online={person.online} />;
}
