import { useCallback } from "react";
import { useChatActions } from "../../ChatContext";
import type { ChatMessage } from "../../chat/model";
import { refusal } from "../../ui/refusal";
import { toast } from "../../ui/Toast";
import { usedEmoji } from "../emoji/memory";

/** Adds one's reaction to a message, or takes it back; a refusal is said. */
export function useReact(sid: string) {
  const chat = useChatActions();
  return useCallback(
    async (message: ChatMessage, emoji: string, on: boolean) => {
      if (on) usedEmoji(emoji);
      try {
        await chat.react(sid, message.sid, emoji, on);
      } catch (error) {
        toast(refusal(error));
      }
    },
    [chat, sid],
  );
}
