import {
  Archive,
  ArchiveRestore,
  CalendarSearch,
  EllipsisVertical,
  Link as LinkIcon,
  LogOut,
  Pencil,
  Trash2,
  UserPlus,
} from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatActions } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { Dialog } from "../../ui/Dialog";
import { MenuButton, MenuItem, MenuSection } from "../../ui/Menu";
import { DateForm } from "../log/JumpToDate";
import { AddPeople } from "../members/AddPeople";
import { useRights } from "../members/useMembers";
import { ArchiveRoom, DeleteRoom, LeaveRoom } from "./Departures";
import { EditRoom } from "./EditRoom";
import { InviteByLink } from "./InviteByLink";
import { LevelChoice } from "./LevelChoice";
import { useCopyLink } from "./roomActions";

type Open = "date" | "add" | "invite" | "edit" | "archive" | "unarchive" | "leave" | "delete" | null;

/** What one can do with the open room. What one's role forbids is not offered. */
export function RoomMenu({ room }: { room: Room }) {
  const { t } = useTranslation();
  const rights = useRights(room);
  const [open, setOpen] = useState<Open>(null);
  const copyLink = useCopyLink();
  const isRoom = room.kind === "room";
  return (
    <>
      <MenuButton label={t("room.menu")} icon={EllipsisVertical}>
        <MenuSection label={t("room.menuForMe")}>
          <MenuItem icon={CalendarSearch} onAction={() => setOpen("date")}>
            {t("log.jumpToDate")}
          </MenuItem>
          <MenuItem icon={LinkIcon} onAction={() => copyLink(room)}>
            {t("rooms.copyLink")}
          </MenuItem>
        </MenuSection>
        <LevelChoice room={room} />
        {isRoom && rights.add && (
          <MenuSection label={t("room.menuPeople")}>
            <MenuItem icon={UserPlus} onAction={() => setOpen("add")}>
              {t("members.add")}
            </MenuItem>
            <MenuItem icon={LinkIcon} onAction={() => setOpen("invite")}>
              {t("invite.byLink")}
            </MenuItem>
          </MenuSection>
        )}
        {isRoom && rights.moderate && (
          <MenuSection label={t("room.menuRoom")}>
            <MenuItem icon={Pencil} onAction={() => setOpen("edit")}>
              {t("room.edit")}
            </MenuItem>
            <MenuItem
              icon={room.archived ? ArchiveRestore : Archive}
              onAction={() => setOpen(room.archived ? "unarchive" : "archive")}
            >
              {t(room.archived ? "room.unarchive" : "room.archive")}
            </MenuItem>
          </MenuSection>
        )}
        <MenuSection label={t("room.menuOut")}>
          <MenuItem icon={LogOut} onAction={() => setOpen("leave")}>
            {t(isRoom ? "rooms.leave" : "rooms.leaveDm")}
          </MenuItem>
          {isRoom && rights.moderate && (
            <MenuItem icon={Trash2} danger onAction={() => setOpen("delete")}>
              {t("room.delete")}
            </MenuItem>
          )}
        </MenuSection>
      </MenuButton>
      <RoomDialogs room={room} open={open} onClose={() => setOpen(null)} />
    </>
  );
}

function RoomDialogs({ room, open, onClose }: { room: Room; open: Open; onClose: () => void }) {
  const chat = useChatActions();
  const { t } = useTranslation();
  const messages = chat.store.getState().logs[room.sid]?.messages;
  const at = messages?.at(-1)?.sentAt ?? room.createdAt ?? Date.now();
  const props = (name: Open) => ({ room, isOpen: open === name, onClose });
  return (
    <>
      <Dialog title={t("log.jumpToDate")} isOpen={open === "date"} onClose={onClose}>
        <DateForm sid={room.sid} at={at} onDone={onClose} />
      </Dialog>
      <AddPeople {...props("add")} />
      <InviteByLink {...props("invite")} />
      <EditRoom {...props("edit")} />
      <ArchiveRoom back={false} {...props("archive")} />
      <ArchiveRoom back {...props("unarchive")} />
      <LeaveRoom {...props("leave")} />
      <DeleteRoom {...props("delete")} />
    </>
  );
}
