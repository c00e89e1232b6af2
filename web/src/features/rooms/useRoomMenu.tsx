import { CheckCheck, Link as LinkIcon, LogOut } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatActions } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { MenuItem, useContextMenu } from "../../ui/Menu";
import { LeaveRoom } from "../room/Departures";
import { LevelChoice } from "../room/LevelChoice";
import { useCopyLink } from "../room/roomActions";

/** The menu of a room in the list. */
export function useRoomMenu() {
  const { t } = useTranslation();
  const chat = useChatActions();
  const menu = useContextMenu<Room>();
  const [leaving, setLeaving] = useState<Room | null>(null);
  const copyLink = useCopyLink();
  const element = (
    <>
      {menu.element(t("room.menu"), (room) => (
        <>
          <MenuItem icon={CheckCheck} onAction={() => chat.markRead(room.sid)} disabled={!room.unread}>
            {t("rooms.markRead")}
          </MenuItem>
          <MenuItem icon={LinkIcon} onAction={() => copyLink(room)}>
            {t("rooms.copyLink")}
          </MenuItem>
          <MenuItem icon={LogOut} onAction={() => setLeaving(room)}>
            {t(room.kind === "room" ? "rooms.leave" : "rooms.leaveDm")}
          </MenuItem>
          <LevelChoice room={room} />
        </>
      ))}
      {leaving && <LeaveRoom room={leaving} isOpen onClose={() => setLeaving(null)} />}
    </>
  );
  return { handlers: menu.handlers, element };
}
