import { useTranslation } from "react-i18next";
import { useChat, useChatState } from "../../ChatContext";
import { Empty } from "../../ui/Empty";
import { ConnectionBanner } from "./ConnectionBanner";
import styles from "./Welcome.module.css";

/** The page beside the list when no room is open. */
export function Welcome() {
  const { t } = useTranslation();
  const { user } = useChat();
  const ready = useChatState((state) => state.roomsReady);
  if (!user) return null;
  const lit = user.chatrooms.filter((room) => room.unread).length;
  const none = ready && user.chatrooms.length === 0;
  return (
    <main className={styles.welcome}>
      <ConnectionBanner />
      {none ? (
        <Empty door="shut" title={t("welcome.noRooms")}>
          <p>{t("welcome.noRoomsText")}</p>
          <code>{t("rooms.command")}</code>
        </Empty>
      ) : (
        <Empty door="lit" title={t("welcome.title", { name: user.name })}>
          <p>{t("welcome.text", { count: lit })}</p>
        </Empty>
      )}
    </main>
  );
}
