import { useMemo } from "react";
import { useChat, useChatState } from "../../ChatContext";
import { arrange, type Sections } from "../../chat/order";

/** The room list's sections, live. */
export function useSections(): Sections {
  const { user } = useChat();
  const people = useChatState((state) => state.people);
  return useMemo(() => arrange(user?.chatrooms ?? [], people), [user?.chatrooms, people]);
}
