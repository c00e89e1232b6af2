import { useTranslation } from "react-i18next";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Level, Room } from "../../chat/model";
import { levelOf } from "../../chat/unreads";
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

/** How loud a room is, and how that is changed; where it cannot be, that is said. */
export function useLevel(room: Room) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const level = useChatState((state) => levelOf(room, state.levels));
  const choose = (chosen: Level | "muted") =>
    chat.setLevel(room.sid, chosen).catch(() => toast(t("rooms.failedLevel")));
  return { level, choose };
}
