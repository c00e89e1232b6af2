import "./texts";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Route, Switch, useLocation } from "wouter";
import styles from "./App.module.css";
import { useChat, useChatActions, useChatState } from "./ChatContext";
import type { Room } from "./chat/model";
import { titleOf } from "./chat/room";
import type { ChatState } from "./chat/store";
import { mentionCount } from "./chat/unreads";
import { useReadingKeys } from "./features/log/useReadingKeys";
import { RoomView } from "./features/room/RoomView";
import { Welcome } from "./features/room/Welcome";
import { ChatRooms } from "./features/rooms/ChatRooms";
import { Edge } from "./features/rooms/Edge";
import { Shortcuts } from "./features/shortcuts/Shortcuts";
import { useShortcuts } from "./features/shortcuts/useShortcuts";
import { newQueryClient } from "./query";
import { permalink, useRoomRoute } from "./route";
import { cx } from "./ui/cx";
import { recall, remember } from "./ui/memory";
import { Toasts } from "./ui/Toast";

const Browse = lazy(() => import("./features/browse/Browse"));
const Join = lazy(() => import("./features/join/Join"));
const Settings = lazy(() => import("./features/settings/Settings"));

/** What was read by HTTP is this person's: it goes when they sign out. */
export default function House() {
  const [queries] = useState(newQueryClient);
  return (
    <QueryClientProvider client={queries}>
      <Floors />
      <Toasts />
      <Shortcuts />
    </QueryClientProvider>
  );
}

/** The signed-in page: the list of rooms beside the open one; on a phone one of the two. */
function Floors() {
  const chat = useChatActions();
  const { selectedChatroom } = useChat();
  const [location, navigate] = useLocation();
  const { sid, at } = useRoomRoute();

  useEffect(() => chat.openRoom(sid, at), [chat, sid, at]);
  useReadingKeys(sid);
  const [listHidden, setListHidden] = useState(false);
  useShortcuts({ onSidebar: () => setListHidden((hidden) => !hidden) });

  useEffect(() => {
    if (location === "/login") navigate("/", { replace: true });
  }, [location, navigate]);

  useEffect(() => chat.onNotice((room, index) => navigate(permalink(room, index))), [chat, navigate]);
  useLastRoom();
  useUnsentGuard();
  const unread = useChatState((state) => Object.values(state.rooms).filter((room) => isNew(state, room)).length);
  const title = useChatState((state) => selectedChatroom && titleOf(selectedChatroom, state.people));
  useEffect(() => {
    showDoorway(unread > 0);
    document.title = `${unread ? `(${unread}) ` : ""}${title ? `${title} – ` : ""}Roomful`;
  }, [unread, title]);

  return (
    <div className={cx(styles.app, location === "/" ? styles.inList : styles.inRoom, listHidden && styles.alone)}>
      <ChatRooms />
      <Edge />
      <div className={styles.main}>
        <Suspense fallback={<main className="fill" aria-busy="true" />}>
          {sid ? <RoomView key={sid} sid={sid} /> : <Page />}
        </Suspense>
      </div>
    </div>
  );
}

/** Whether a room has something new for this person: of a muted one only what mentions them. */
const isNew = (state: ChatState, room: Room) =>
  (room.muted ? 0 : (room.unread ?? 0)) > 0 || mentionCount(state, room.sid) > 0;

/** The page's little picture: the door is lit when something is new. */
function showDoorway(lit: boolean): void {
  document.querySelector("link[rel=icon]")?.setAttribute("href", lit ? "/favicon.svg" : "/favicon-quiet.svg");
}

/** What is beside the list when no room is. */
function Page() {
  return (
    <Switch>
      <Route path="/settings/:tab?">{({ tab }) => <Settings tab={tab ?? ""} />}</Route>
      <Route path="/join/:code">{({ code }) => <Join code={code} />}</Route>
      <Route path="/browse">
        <Browse />
      </Route>
      <Route>
        <Welcome />
      </Route>
    </Switch>
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
    if (last && known && ["/", "/login"].includes(location) && matchMedia("(min-width: 720px)").matches)
      selectChatroom(last);
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
