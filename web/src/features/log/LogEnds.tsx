import { MessageSquare, UserPlus } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Room, RoomLog } from "../../chat/model";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { LitDoor } from "../../ui/Empty";
import { Icon } from "../../ui/Icon";
import { usePeople, useRoomTitle } from "../../usePerson";
import { AddPeople } from "../members/AddPeople";
import { useRights } from "../members/useMembers";
import styles from "./ChatLog.module.css";
import { dateOf } from "./format";
import { OutgoingRow } from "./OutgoingRow";

/** As many of a group are shown at the start of its messages. */
const mostFaces = 5;

/** Above the oldest row: more to load, or the start of the room. Loading changes its words but not its height. */
export function LogTop({ room, log }: { room: Room; log: RoomLog }) {
  const { t } = useTranslation();
  if (!log.hasOlder) return <Start room={room} empty={log.messages.length === 0} />;
  return (
    <li className={styles.end}>
      {log.failed === "older" ? (
        <Failed sid={room.sid}>{t("log.failedOlder")}</Failed>
      ) : (
        <span className={log.loading === "older" ? styles.later : styles.hidden}>{t("log.loadingOlder")}</span>
      )}
    </li>
  );
}

/** Below the newest row of a stretch that does not reach the room's end. */
export function LogEnd({ sid, log }: { sid: string; log: RoomLog }) {
  const { t } = useTranslation();
  if (!log.hasNewer) return null;
  return (
    <li className={styles.end}>
      {log.failed === "newer" ? (
        <Failed sid={sid}>{t("log.failedNewer")}</Failed>
      ) : (
        <span className={log.loading === "newer" ? styles.later : styles.hidden}>{t("log.loadingNewer")}</span>
      )}
    </li>
  );
}

export function Failed({ sid, children }: { sid: string; children: ReactNode }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  return (
    <span role="alert">
      {children}{" "}
      <Button look="link" onClick={() => chat.reload(sid)}>
        {t("retry")}
      </Button>
    </span>
  );
}

function Start({ room, empty }: { room: Room; empty: boolean }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const creator = useChatState((state) => (room.createdBy ? (state.people[room.createdBy]?.name ?? null) : null));
  const date = room.createdAt ? dateOf(room.createdAt) : null;
  return (
    <li className={styles.start}>
      {room.kind === "dm" ? <Faces identities={room.others} /> : <LitDoor className={styles.art} />}
      <h2>{t(room.kind === "dm" ? "log.startDm" : "log.start", { room: useRoomTitle(room) })}</h2>
      {date && <p>{creator ? t("log.startBy", { name: creator, date }) : t("log.startOn", { date })}</p>}
      {empty && (
        <div className={styles.ideas}>
          {!room.archived && (
            <button type="button" className={styles.idea} onClick={() => chat.send(room.sid, "👋")}>
              <Icon of={MessageSquare} size={16} />
              {t("log.hello")}
            </button>
          )}
          <AddIdea room={room} />
        </div>
      )}
    </li>
  );
}

/** Whom one writes to: never a door for people. */
function Faces({ identities }: { identities: string[] }) {
  const people = usePeople(identities);
  return (
    <div className={styles.faces}>
      {people.slice(0, mostFaces).map((person) => (
        <Avatar key={person.identity} person={person} size={people.length > 1 ? "lg" : "xl"} />
      ))}
    </div>
  );
}

/** Nobody is there to read yet, perhaps. */
function AddIdea({ room }: { room: Room }) {
  const { t } = useTranslation();
  const rights = useRights(room);
  const [adding, setAdding] = useState(false);
  if (!rights.add) return null;
  return (
    <>
      <button type="button" className={styles.idea} onClick={() => setAdding(true)}>
        <Icon of={UserPlus} size={16} />
        {t("members.add")}
      </button>
      <AddPeople room={room} isOpen={adding} onClose={() => setAdding(false)} />
    </>
  );
}

/** Before the first messages are there. */
/** How long the rows are that stand for messages, in percent. */
const bones = [46, 72, 30, 64, 52, 38, 70, 44];

/** Before a room's messages are there; what waits to be sent is shown all the same. */
export function FirstLoad({ room, failed }: { room: Room; failed: boolean }) {
  const { t } = useTranslation();
  const waiting = useChatState((state) => state.outbox[room.sid]);
  if (failed) {
    return (
      <p className={styles.failed}>
        <Failed sid={room.sid}>{t("log.failed")}</Failed>
      </p>
    );
  }
  return (
    <div className={styles.log}>
      <div className={styles.skeleton} aria-busy="true">
        <span className="sr">{t("log.loading")}</span>
        {(waiting?.length ? bones.slice(-2) : bones).map((width) => (
          <div key={width} className={styles.bone} aria-hidden="true">
            <i />
            <div>
              <b />
              <s style={{ inlineSize: `${width}%` }} />
            </div>
          </div>
        ))}
      </div>
      <ol className={styles.waiting}>
        {waiting?.map((outgoing, at) => (
          <OutgoingRow key={outgoing.cid} sid={room.sid} outgoing={outgoing} first={at === 0} />
        ))}
      </ol>
    </div>
  );
}
