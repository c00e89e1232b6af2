import { Search, X } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { Avatar } from "../../ui/Avatar";
import { IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import { useRoving } from "../../ui/useRoving";
import { useShowProfile } from "../profile/ProfileContext";
import { arrange, type Groups, matching, type Shown } from "./arrange";
import styles from "./MemberPanel.module.css";

/** With more people than these one can look for some. */
const manyPeople = 12;
const noTypers: string[] = [];

export function MemberList({ room, people }: { room: Room; people: Shown[] }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const typing = useChatState((state) => state.typing[room.sid] ?? noTypers);
  const list = useRef<HTMLDivElement>(null);
  const [held, hold] = useState<Groups | null>(null);
  const filtered = people.length > manyPeople;
  const found = useMemo(() => (filtered ? matching(people, typed) : people), [people, filtered, typed]);
  const groups = useMemo(() => arrange(found, held), [found, held]);
  const { onKeyDown, stop } = useRoving(
    list,
    groups.flatMap(([, group]) => group.map(({ sid }) => sid)),
  );
  const alone = people.length === 1 && people[0]?.isMe;

  return (
    <>
      {filtered && <Filter typed={typed} onType={setTyped} />}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys of the list's buttons */}
      <div
        ref={list}
        className={styles.scroll}
        onKeyDown={onKeyDown}
        onPointerEnter={() => hold(groups)}
        onPointerLeave={() => hold(null)}
      >
        {groups.map(([key, group]) => (
          <section key={key}>
            <h3>{t(`members.${key}`, { count: group.length })}</h3>
            <ul>
              {group.map((person) => (
                <li key={person.sid}>
                  <MemberRow person={person} typing={typing.includes(person.identity)} stop={stop(person.sid)} />
                </li>
              ))}
            </ul>
          </section>
        ))}
        {found.length === 0 && <p className={styles.none}>{t("members.noMatch", { typed: typed.trim() })}</p>}
        {alone && <p className={styles.none}>{t("members.justYou")}</p>}
      </div>
    </>
  );
}

function Filter({ typed, onType }: { typed: string; onType: (typed: string) => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles.filter}>
      <Icon of={Search} size={16} />
      <input
        type="search"
        aria-label={t("members.filter")}
        placeholder={t("members.filter")}
        value={typed}
        onChange={(event) => onType(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !typed) return;
          event.preventDefault(); // the first one empties the field, the next closes the panel
          onType("");
        }}
      />
      {typed && (
        <IconButton label={t("members.clear")} className={styles.clear} onClick={() => onType("")}>
          <Icon of={X} size={16} />
        </IconButton>
      )}
    </div>
  );
}

interface MemberRowProps {
  person: Shown;
  typing: boolean;
  stop: object;
}

function MemberRow({ person, typing, stop }: MemberRowProps) {
  const { t } = useTranslation();
  const show = useShowProfile();
  const { identity, name, online, isMe, moderator, hasAccount } = person;
  const handle = name === identity ? null : `@${identity}`;
  const note = typing ? t("members.typing") : handle;
  const content = (
    <>
      <Avatar person={person} size="sm" online={online} />
      <span className={styles.text}>
        <span className={styles.name}>
          <bdi className="truncate">{hasAccount ? name : t("members.outside")}</bdi>
          {isMe && <small>{t("members.you")}</small>}
        </span>
        {hasAccount && note && <small className="truncate">{note}</small>}
      </span>
      {moderator && <span className={styles.badge}>{t("members.moderator")}</span>}
    </>
  );
  const look = cx(styles.member, online === false && styles.away);
  if (!hasAccount) return <div className={look}>{content}</div>;
  return (
    <button
      type="button"
      className={look}
      data-begins={name}
      aria-haspopup="dialog"
      onClick={(event) => show(identity, event.currentTarget)}
      {...stop}
    >
      {content}
    </button>
  );
}
