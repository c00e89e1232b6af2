import { useQuery } from "@tanstack/react-query";
import { Heading } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import { ApiError } from "../../chat/api";
import type { Person, Room } from "../../chat/model";
import { peopleApi, type Standing } from "../../chat/peopleApi";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { Notice } from "../../ui/Notice";
import { usePerson } from "../../usePerson";
import { dateOf } from "../log/format";
import { useModerators } from "../members/useMembers";
import { Moderation, type Question } from "./Moderation";
import styles from "./ProfileCard.module.css";
import { WriteTo } from "./WriteTo";

interface ProfileDetailsProps {
  identity: string;
  room: Room | null;
  onClose: () => void;
  onAsk: (question: Question) => void;
  /** The name is the heading; where the dialog around has one that is not seen, it is only to be seen. */
  heading: boolean;
}

export function ProfileDetails({ identity, room, onClose, onAsk, heading }: ProfileDetailsProps) {
  const { t } = useTranslation();
  const person = usePerson(identity);
  const me = useChatState((state) => state.me?.identity);
  const known = useQuery({ queryKey: ["person", identity], queryFn: () => peopleApi.person(identity) });
  const isMe = identity === me;
  const stranger = known.error instanceof ApiError && known.error.code === "no_person";
  const gone = known.data?.deleted ?? stranger;
  return (
    <div className={styles.card}>
      <Avatar person={person} size="xl" online={gone ? null : person.online} />
      <div className={styles.who}>
        {heading ? (
          <Heading slot="title" className={styles.name}>
            <bdi>{person.name}</bdi>
          </Heading>
        ) : (
          <p className={styles.name} aria-hidden="true">
            <bdi>{person.name}</bdi>
          </p>
        )}
        <Handle identity={identity} isMe={isMe} />
      </div>
      {room && <Badges room={room} person={person} standing={known.data} />}
      <Facts person={person} standing={known.data} stranger={stranger} loading={known.isPending} />
      {known.error && !stranger && <Notice onRetry={() => known.refetch()}>{t("profile.failed")}</Notice>}
      <WriteTo identity={identity} isMe={isMe} possible={!gone && !known.data?.disabled} onClose={onClose} />
      {room && <Moderation room={room} person={person} onAsk={onAsk} />}
    </div>
  );
}

function Handle({ identity, isMe }: { identity: string; isMe: boolean }) {
  const { t } = useTranslation();
  return (
    <p className={styles.handle}>
      <bdi>@{identity}</bdi>
      {isMe && <span>{t("members.you")}</span>}
    </p>
  );
}

function Badges({ room, person, standing }: { room: Room; person: Person; standing: Standing | undefined }) {
  const { t } = useTranslation();
  const moderates = useModerators(room).has(person.identity);
  const here = useChatState(({ members }) => members[room.sid]?.some(({ identity }) => identity === person.identity));
  const left = here === false && !standing?.deleted;
  if (!moderates && !standing?.admin && !left) return null;
  return (
    <p className={styles.badges}>
      {moderates && <span>{t("profile.moderator")}</span>}
      {standing?.admin && <span>{t("profile.admin")}</span>}
      {left && <span>{t("profile.notHere")}</span>}
    </p>
  );
}

interface FactsProps {
  person: Person;
  standing: Standing | undefined;
  stranger: boolean;
  loading: boolean;
}

/** Whether they are there, since when they have been coming, and what became of their account. */
function Facts({ person: { online }, standing, stranger, loading }: FactsProps) {
  const { t } = useTranslation();
  if (stranger) return <p className={styles.facts}>{t("profile.stranger")}</p>;
  if (standing?.deleted) return <p className={styles.facts}>{t("profile.deleted")}</p>;
  return (
    <ul className={styles.facts} aria-busy={loading}>
      {online !== null && (
        <li className={cx(styles.presence, online && styles.there)}>
          {t(online ? "members.online" : "members.offline")}
        </li>
      )}
      {standing?.disabled && <li>{t("profile.disabled")}</li>}
      {standing && <li>{t("profile.since", { date: dateOf(standing.since) })}</li>}
      {loading && <li className={styles.bone} />}
    </ul>
  );
}
