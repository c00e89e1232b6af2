import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import styles from "./App.module.css";
import { useChat, useChatActions, useChatState } from "./ChatContext";
import { useReadingKeys } from "./features/log/useReadingKeys";
import { RoomView } from "./features/room/RoomView";
import { Welcome } from "./features/room/Welcome";
import { ChatRooms } from "./features/rooms/ChatRooms";
import { newQueryClient } from "./query";
import { useRoomRoute } from "./route";
import { cx } from "./ui/cx";
import { recall, remember } from "./ui/memory";
import { Toasts } from "./ui/Toast";

/** What was read by HTTP is this person's: it goes when they sign out. */
export default function House() {
  const [queries] = useState(newQueryClient);
  return (
    <QueryClientProvider client={queries}>
      <Floors />
      <Toasts />
    </QueryClientProvider>
  );
}

/** The signed-in page: the list of rooms beside the open one; on a phone one of the two. */
function Floors() {
  const chat = useChatActions();
  const { user, selectedChatroom } = useChat();
  const [location, navigate] = useLocation();
  const { sid, at } = useRoomRoute();

  useEffect(() => chat.openRoom(sid, at), [chat, sid, at]);
  useReadingKeys(sid);

  useEffect(() => {
    if (location === "/login") navigate("/", { replace: true });
  }, [location, navigate]);

  useLastRoom();

  useUnsentGuard();
  const unread = user?.chatrooms.filter((room) => room.unread).length ?? 0;
  useEffect(() => {
    document.title = `${unread ? `(${unread}) ` : ""}${selectedChatroom ? `${selectedChatroom.name} – ` : ""}Roomful`;
  }, [unread, selectedChatroom]);

  return (
    <div className={cx(styles.app, sid ? styles.inRoom : styles.inList)}>
      <ChatRooms />
      <div className={styles.main}>{sid ? <RoomView key={sid} sid={sid} /> : <Welcome />}</div>
    </div>
  );
}

/** Notes the room that is open, and opens it again when the person comes back; a phone starts with the list. */
function useLastRoom() {
  const { user, selectedChatroom, selectChatroom } = useChat();
  const [location] = useLocation();
  const key = `roomful:room:${user?.username}`;
  const sid = selectedChatroom?.sid;
  // Only what is true on arrival counts: going to "/" later is the person's own choice.
  const arrive = useRef(() => {
    const last = recall(key);
    const known = user?.chatrooms.some((room) => room.sid === last);
    if (last && known && !location.startsWith("/r/") && matchMedia("(min-width: 720px)").matches) selectChatroom(last);
  });
  useEffect(() => arrive.current(), []);
  useEffect(() => {
    if (sid) remember(key, sid);
  }, [key, sid]);
}

/** Asks before the page is closed while messages are not sent. */
function useUnsentGuard() {
  const unsent = useChatState((state) => Object.values(state.outbox).some((rows) => rows.length > 0));
  useEffect(() => {
    if (!unsent) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unsent]);
}
