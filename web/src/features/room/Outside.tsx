import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChatActions } from "../../ChatContext";
import { ApiError } from "../../chat/api";
import type { Gone } from "../../chat/model";
import { type Farewell, type RoomInfo, roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Empty } from "../../ui/Empty";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";

/** What the chat application says of a room that one is not in; null when it says nothing. */
const quietly = async <T,>(answer: Promise<T>): Promise<T | null> =>
  answer.catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  });

const useFarewell = (sid: string) =>
  useQuery({ queryKey: ["farewell", sid], queryFn: () => quietly(roomsApi.farewell(sid)), staleTime: 0 });

const useRoomInfo = (sid: string) =>
  useQuery({ queryKey: ["room", sid, "info"], queryFn: () => quietly(roomsApi.room(sid)), staleTime: 0 });

/** The room was open when it went, or when the person was taken out of it. */
export function RoomGone({ sid, gone }: { sid: string; gone: Gone }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const [, navigate] = useLocation();
  const [copied, setCopied] = useState(false);
  const farewell = useFarewell(sid);
  if (farewell.isPending) return <Waiting />;
  function leave() {
    navigate("/");
    chat.leaveGone(sid);
  }
  return (
    <Shut
      title={farewellTitle(t, farewell.data ?? null, gone)}
      actions={
        <>
          <Button look="primary" onClick={leave}>
            {t("backToRooms")}
          </Button>
          {gone.unsent && (
            <Button onClick={() => navigator.clipboard.writeText(gone.unsent).then(() => setCopied(true))}>
              {t(copied ? "copied" : "copyUnsent")}
            </Button>
          )}
        </>
      }
    >
      <p>
        {t(`room.${farewell.data?.reason ?? gone.why}Text`)} {gone.unsent && t("room.unsentText")}
      </p>
      {gone.unsent && <pre>{gone.unsent}</pre>}
    </Shut>
  );
}

type Translate = ReturnType<typeof useTranslation>["t"];

function farewellTitle(t: Translate, told: Farewell | null, gone: Gone): string {
  if (!told) return t(`room.${gone.why}`, { room: gone.name });
  const words = told.by ? `room.${told.reason}By` : `room.${told.reason}`;
  return t(words, { room: told.name || gone.name, name: told.by?.name });
}

/**
 * A room of which the client knows nothing. Public ones can be joined; of others nothing is told, not even whether they
 * are there. One that was just made or joined comes by the SDK in a moment.
 */
export function OtherRoom({ sid }: { sid: string }) {
  const { t } = useTranslation();
  const info = useRoomInfo(sid);
  const farewell = useFarewell(sid);
  if (info.isPending || farewell.isPending || info.data?.joined) return <Waiting />;
  if (info.error) {
    return (
      <Shut title={t("room.failed")}>
        <Notice onRetry={() => info.refetch()}>{refusal(info.error)}</Notice>
      </Shut>
    );
  }
  if (info.data) return <Joinable room={info.data} />;
  const told = farewell.data;
  const gone: Gone = { name: told?.name ?? "", why: "gone", unsent: "" };
  return (
    <Shut title={told ? farewellTitle(t, told, gone) : t("room.unknown")} actions={<Back />}>
      <p>{t(told ? `room.${told.reason}Text` : "room.unknownText")}</p>
    </Shut>
  );
}

function Joinable({ room }: { room: RoomInfo }) {
  const { t } = useTranslation();
  const join = useMutation({ mutationFn: () => roomsApi.join(room.sid) });
  const waits = join.isPending || join.isSuccess;
  return (
    <Shut
      lit
      title={room.name}
      actions={
        <>
          <Back />
          {!room.archived && (
            <Button look="primary" disabled={waits} onClick={() => join.mutate()}>
              {t(waits ? "browse.joining" : "room.join")}
            </Button>
          )}
        </>
      }
    >
      <p>{room.topic || t("room.notIn")}</p>
      {room.members !== null && <p>{t("browse.people", { count: room.members })}</p>}
      {join.error && <Notice>{refusal(join.error)}</Notice>}
    </Shut>
  );
}

function Back() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  return <Button onClick={() => navigate("/")}>{t("backToRooms")}</Button>;
}

interface ShutProps {
  title: string;
  lit?: boolean;
  actions?: ReactNode;
  children: ReactNode;
}

function Shut({ title, lit = false, actions, children }: ShutProps) {
  return (
    <main className="fill">
      <div className="fill" role="status">
        <Empty door={lit ? "lit" : "shut"} title={title} actions={actions}>
          {children}
        </Empty>
      </div>
    </main>
  );
}

const Waiting = () => <main className="fill" aria-busy="true" />;
