import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Archive, Check, ChevronLeft, Plus, Users } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { useChatState } from "../../ChatContext";
import { bareName } from "../../chat/model";
import { type RoomInfo, roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Empty } from "../../ui/Empty";
import { Icon } from "../../ui/Icon";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { Segments } from "../../ui/Segments";
import { TextField } from "../../ui/TextField";
import { toneOf } from "../../ui/tone";
import { ConnectionBanner } from "../room/ConnectionBanner";
import { CreateRoom } from "../rooms/CreateRoom";
import styles from "./Browse.module.css";
import { RoomArch } from "./RoomArch";

type Which = "all" | "new" | "joined";

/** All rooms that one may enter, to find one. */
export default function Browse() {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [which, setWhich] = useState<Which>("all");
  const [creating, setCreating] = useState(false);
  const asked = useDeferredValue(typed.trim());
  const found = useRooms(asked);
  const rooms = (found.data ?? []).filter((room) => which === "all" || room.joined === (which === "joined"));
  return (
    <main className={styles.page}>
      <ConnectionBanner />
      <div className={styles.in}>
        <div className={styles.title}>
          <Link href="/" className={styles.back} aria-label={t("room.back")}>
            <Icon of={ChevronLeft} mirror />
          </Link>
          <div>
            <h1>{t("browse.title")}</h1>
            <p>{t("browse.lead")}</p>
          </div>
          <Button onClick={() => setCreating(true)}>
            <Icon of={Plus} />
            <span>{t("rooms.create")}</span>
          </Button>
        </div>
        <div className={styles.tools}>
          <TextField label={t("browse.find")} type="search" value={typed} onChange={setTyped} maxLength={100} />
          <Segments
            label={t("browse.which")}
            value={which}
            onChange={setWhich}
            options={[
              ["all", t("browse.all")],
              ["new", t("browse.new")],
              ["joined", t("browse.joined")],
            ]}
          />
        </div>
        <Found
          rooms={rooms}
          query={found}
          typed={asked}
          filtered={which !== "all"}
          onCreate={() => setCreating(true)}
        />
      </div>
      <CreateRoom isOpen={creating} onClose={() => setCreating(false)} />
    </main>
  );
}

/** Asked again when one's own rooms change, which the SDK tells. */
function useRooms(typed: string) {
  const mine = useChatState((state) => Object.keys(state.rooms).length);
  return useQuery({
    queryKey: ["rooms", typed, mine],
    queryFn: () => roomsApi.list(typed),
    placeholderData: keepPreviousData,
  });
}

interface FoundProps {
  rooms: RoomInfo[];
  query: ReturnType<typeof useRooms>;
  typed: string;
  filtered: boolean;
  onCreate: () => void;
}

function Found({ rooms, query, typed, filtered, onCreate }: FoundProps) {
  const { t } = useTranslation();
  const connected = useChatState((state) => state.connected);
  if (query.isPending) return <Bones />;
  if (query.error) {
    return <Notice onRetry={() => query.refetch()}>{connected ? refusal(query.error) : t("browse.offline")}</Notice>;
  }
  if (rooms.length === 0 && (typed || filtered)) return <p className={styles.none}>{t("browse.noMatch")}</p>;
  if (rooms.length === 0) {
    return (
      <Empty
        door="shut"
        title={t("browse.none")}
        actions={
          <Button look="primary" onClick={onCreate}>
            {t("rooms.create")}
          </Button>
        }
      >
        <p>{t("browse.noneText")}</p>
      </Empty>
    );
  }
  return (
    <ul className={styles.cards} aria-label={t("browse.title")}>
      {rooms.map((room) => (
        <Card key={room.sid} room={room} />
      ))}
    </ul>
  );
}

function Card({ room }: { room: RoomInfo }) {
  const { t } = useTranslation();
  return (
    <li className={styles.card}>
      <RoomArch isPrivate={room.private} tone={toneOf(room.sid)} />
      <div className={styles.body}>
        <h2 className="truncate">
          <bdi>{bareName(room.name)}</bdi>
        </h2>
        {room.topic && <p>{room.topic}</p>}
        <div className={styles.meta}>
          {room.members !== null && (
            <span>
              <Icon of={Users} size={14} />
              {t("browse.people", { count: room.members })}
            </span>
          )}
          {room.joined && (
            <span className={styles.joined}>
              <Icon of={Check} size={14} />
              {t("browse.joinedMark")}
            </span>
          )}
          {room.archived && (
            <span>
              <Icon of={Archive} size={14} />
              {t("browse.archived")}
            </span>
          )}
        </div>
      </div>
      <EnterRoom room={room} />
    </li>
  );
}

/** Opens a room, and joins it first where one is not in it yet. */
function EnterRoom({ room }: { room: RoomInfo }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const join = useMutation({
    mutationFn: () => roomsApi.join(room.sid),
    onSuccess: () => {
      queries.invalidateQueries({ queryKey: ["rooms"] });
      navigate(`/r/${room.sid}`);
    },
  });
  const name = room.name;
  if (room.joined) {
    return (
      <Button size="sm" aria-label={t("browse.openOf", { name })} onClick={() => navigate(`/r/${room.sid}`)}>
        {t("browse.open")}
      </Button>
    );
  }
  if (room.archived) return null;
  return (
    <>
      <Button
        size="sm"
        look="primary"
        aria-label={t("browse.joinOf", { name })}
        disabled={join.isPending}
        onClick={() => join.mutate()}
      >
        {t(join.isPending ? "browse.joining" : "browse.join")}
      </Button>
      {join.error && (
        <div className={styles.problem}>
          <Notice>{refusal(join.error)}</Notice>
        </div>
      )}
    </>
  );
}

function Bones() {
  const { t } = useTranslation();
  return (
    <div className={styles.cards} role="status" aria-label={t("loadingRows")}>
      {["a", "b", "c", "d", "e", "f"].map((key) => (
        <div key={key} className={styles.card}>
          <span className={styles.boneArch} />
          <div className={styles.body}>
            <span className={styles.bone} />
            <span className={styles.bone} />
          </div>
        </div>
      ))}
    </div>
  );
}
