import { useTranslation } from "react-i18next";
import { useChatActions } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { toast } from "../../ui/Toast";

/** Puts a room's address into the clipboard, and says so. */
export function useCopyLink() {
  const { t } = useTranslation();
  return async ({ sid }: Room) => {
    try {
      await navigator.clipboard.writeText(`${window.location.origin}/r/${sid}`);
      toast(t("log.copied"));
    } catch {
      toast(t("log.failedCopy"));
    }
  };
}

/** Mutes a room, or has it heard again; the list shows it. */
export function useMute() {
  const { t } = useTranslation();
  const chat = useChatActions();
  return (room: Room) => chat.setMuted(room.sid, !room.muted).catch(() => toast(t("rooms.failedMute")));
}
