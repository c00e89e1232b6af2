import { createContext, type ReactNode, useContext, useMemo } from "react";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Chat } from "./chat/chat";
import type { Room } from "./chat/model";
import type { ChatState } from "./chat/store";
import { useRoomRoute } from "./route";

/** The tutorial's context, with its five members, over the store. */
export interface ChatContextValue {
  user: { username: string; name: string; chatrooms: Room[] } | null;
  selectedChatroom: Room | null;
  login: (username: string, password?: string) => Promise<void>;
  logout: () => Promise<void>;
  selectChatroom: (sid: string) => void;
}

const ChatContext = createContext<ChatContextValue | null>(null);
const ActionsContext = createContext<Chat | null>(null);

function provided<T>(value: T | null): T {
  if (value === null) throw new Error("Used outside of <ChatProvider>");
  return value;
}

export const useChat = () => provided(useContext(ChatContext));
export const useChatActions = () => provided(useContext(ActionsContext));
/** Reads the store; the component renders again when what `select` gives has changed. */
export const useChatState = <T,>(select: (state: ChatState) => T) => useStore(useChatActions().store, select);

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function ChatProvider({ chat, children }: { chat: Chat; children: ReactNode }) {
  const me = useStore(chat.store, (state) => (state.phase === "signedIn" ? state.me : null));
  const rooms = useStore(
    chat.store,
    useShallow((state) => Object.values(state.rooms)),
  );
  const [, navigate] = useLocation();
  const { sid } = useRoomRoute();

  const value = useMemo<ChatContextValue>(() => {
    const chatrooms = [...rooms].sort((a, b) => byName.compare(a.name, b.name));
    return {
      user: me && { username: me.identity, name: me.name, chatrooms },
      selectedChatroom: chatrooms.find((room) => room.sid === sid) ?? null,
      login: chat.signIn,
      logout: async () => {
        await chat.signOut();
        navigate("/login");
      },
      selectChatroom: (chosen) => navigate(`/r/${chosen}`),
    };
  }, [chat, me, rooms, sid, navigate]);

  return (
    <ActionsContext value={chat}>
      <ChatContext value={value}>{children}</ChatContext>
    </ActionsContext>
  );
}
