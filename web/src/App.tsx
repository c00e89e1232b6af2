import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import styles from "./App.module.css";
import { useChat, useChatActions, useChatState } from "./ChatContext";
import { useReadingKeys } from "./features/log/useReadingKeys";
import { LoginForm } from "./features/login/LoginForm";
import { RoomView } from "./features/room/RoomView";
import { Welcome } from "./features/room/Welcome";
import { ChatRooms } from "./features/rooms/ChatRooms";
import { useRoomRoute } from "./route";
import { Button } from "./ui/Button";
import { cx } from "./ui/cx";
import { Empty } from "./ui/Empty";
import { ErrorBoundary } from "./ui/ErrorBoundary";
import { Logo } from "./ui/Logo";
import { recall, remember } from "./ui/memory";

export function App() {
  return (
    <ErrorBoundary fallback={<Crashed />}>
      <Phases />
    </ErrorBoundary>
  );
}

function Phases() {
  const phase = useChatState((state) => state.phase);
  const initError = useChatState((state) => state.initError);
  if (phase === "starting") return <Starting />;
  if (phase === "unreachable") return <Unreachable details={null} />;
  if (phase === "signedOut") return <LoginForm />;
  if (initError !== null) return <Unreachable details={initError} />;
  return <House />;
}

/** The signed-in page: the list of rooms beside the open one; on a phone one of the two. */
function House() {
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

function Starting() {
  const { t } = useTranslation();
  return (
    <main className={styles.starting} aria-busy="true" aria-label={t("loading")}>
      <Logo size={44} />
    </main>
  );
}

function FullPage({ children }: { children: ReactNode }) {
  return <main className={styles.full}>{children}</main>;
}

function Unreachable({ details }: { details: string | null }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const retry = () => (details === null ? chat.begin() : chat.tryNow());
  return (
    <FullPage>
      <Empty
        door="shut"
        title={t("fail.unreachable")}
        actions={
          <Button look="primary" onClick={retry}>
            {t("retry")}
          </Button>
        }
      >
        <p>{t("fail.unreachableText", { host: window.location.host })}</p>
        {details && (
          <details>
            <summary>{t("fail.details")}</summary>
            <pre>{details}</pre>
          </details>
        )}
      </Empty>
    </FullPage>
  );
}

function Crashed() {
  const { t } = useTranslation();
  return (
    <FullPage>
      <Empty
        door="shut"
        title={t("fail.crash")}
        actions={
          <Button look="primary" onClick={() => window.location.reload()}>
            {t("fail.reload")}
          </Button>
        }
      >
        <p>{t("fail.crashText")}</p>
      </Empty>
    </FullPage>
  );
}
