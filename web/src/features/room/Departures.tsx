import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChatActions } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { roomsApi } from "../../chat/roomsApi";
import { useRoomRoute } from "../../route";
import { Confirm } from "../../ui/Dialog";
import { toast } from "../../ui/Toast";
import { useRoomTitle } from "../../usePerson";

interface RoomDialogProps {
  room: Room;
  isOpen: boolean;
  onClose: () => void;
}

/** Asks before one goes out of a room: into a private one there is no way back alone. */
export function LeaveRoom({ room, ...dialog }: RoomDialogProps) {
  const { t } = useTranslation();
  const title = useRoomTitle(room);
  const go = useGo(room);
  const text = room.kind === "dm" ? "leaveDmText" : room.isPrivate ? "leavePrivateText" : "leaveText";
  return (
    <Confirm
      title={t("room.leaveTitle", { room: title })}
      action={t("room.leaveAction")}
      onConfirm={() => go(() => roomsApi.leave(room.sid), t("room.left", { room: title }))}
      {...dialog}
    >
      {t(`room.${text}`)}
    </Confirm>
  );
}

export function DeleteRoom({ room, ...dialog }: RoomDialogProps) {
  const { t } = useTranslation();
  const go = useGo(room);
  return (
    <Confirm
      title={t("room.deleteTitle", { room: room.name })}
      action={t("room.deleteAction")}
      danger
      onConfirm={() => go(() => roomsApi.remove(room.sid), t("room.didDelete", { room: room.name }))}
      {...dialog}
    >
      {t("room.deleteText")}
    </Confirm>
  );
}

/** Archives a room, or takes it back; which of them does not follow what others do while it asks. */
export function ArchiveRoom({ room, back, ...dialog }: RoomDialogProps & { back: boolean }) {
  const { t } = useTranslation();
  const words = back ? "unarchive" : "archive";
  return (
    <Confirm
      title={t(`room.${words}Title`, { room: room.name })}
      action={t(`room.${words}`)}
      onConfirm={() => roomsApi.edit(room.sid, { archived: !back })}
      {...dialog}
    >
      {t(`room.${words}Text`)}
    </Confirm>
  );
}

/** Carries out what ends one's being in a room; who does it oneself need not be told by the room's place. */
function useGo(room: Room) {
  const chat = useChatActions();
  const [, navigate] = useLocation();
  const { sid } = useRoomRoute();
  return async (act: () => Promise<void>, done: string) => {
    chat.depart(room.sid, true);
    try {
      await act();
    } catch (error) {
      chat.depart(room.sid, false);
      throw error;
    }
    if (sid === room.sid) navigate("/");
    toast(done);
  };
}
