import { X } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatState } from "../../ChatContext";
import type { Member, Person, Room } from "../../chat/model";
import { Avatar } from "../../ui/Avatar";
import { IconButton } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import styles from "./MemberPanel.module.css";

const collator = new Intl.Collator(undefined, { sensitivity: "base" });
const nobody: Member[] = [];
const noTypers: string[] = [];

export function MemberPanel({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation();
  const members = useChatState((state) => state.members[room.sid] ?? nobody);
  const people = useChatState((state) => state.people);
  const typing = useChatState((state) => state.typing[room.sid] ?? noTypers);
  const sorted = useMemo(() => {
    const named = members.map((member): Person & { sid: string } => {
      const identity = member.identity ?? member.sid;
      return { sid: member.sid, ...(people[identity] ?? { identity, name: identity, avatar: null, online: null }) };
    });
    return named.sort((a, b) => collator.compare(a.name, b.name));
  }, [members, people]);

  return (
    <aside className={styles.panel} aria-label={t("members.label", { room: room.name })}>
      <div className={styles.head}>
        <h2>{t("members.title")}</h2>
        <IconButton label={t("close")} onClick={onClose}>
          <Icon of={X} />
        </IconButton>
      </div>
      <div className={styles.scroll}>
        <h3>{t("members.here", { count: sorted.length })}</h3>
        <ul>
          {sorted.map((person) => (
            <MemberRow key={person.sid} person={person} typing={typing.includes(person.identity)} />
          ))}
        </ul>
      </div>
    </aside>
  );
}

function MemberRow({ person, typing }: { person: Person; typing: boolean }) {
  const { t } = useTranslation();
  const { user } = useChat();
  const { identity, name, online } = person;
  const handle = name === identity ? null : `@${identity}`;
  const note = typing ? t("members.typing") : identity === user?.username ? t("members.you") : handle;
  return (
    <li className={styles.member}>
      <Avatar person={person} size="sm" online={online} />
      <div className={styles.text}>
        <b className="truncate">
          <bdi>{name}</bdi>
        </b>
        {note && <small className="truncate">{note}</small>}
      </div>
    </li>
  );
}
