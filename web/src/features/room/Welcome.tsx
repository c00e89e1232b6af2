import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChat, useChatState } from "../../ChatContext";
import { Button } from "../../ui/Button";
import { Empty } from "../../ui/Empty";
import { CreateRoom } from "../rooms/CreateRoom";
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
        <Empty door="shut" title={t("welcome.noRooms")} actions={<Doors />}>
          <p>{t("welcome.noRoomsText")}</p>
        </Empty>
      ) : (
        <Empty door="lit" title={t("welcome.title", { name: user.name })} actions={<Doors />}>
          <p>{t("welcome.text", { count: lit })}</p>
        </Empty>
      )}
    </main>
  );
}

/** The ways into rooms. */
function Doors() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <Button look="primary" onClick={() => navigate("/browse")}>
        {t("rooms.browse")}
      </Button>
      <Button onClick={() => setCreating(true)}>{t("rooms.create")}</Button>
      <CreateRoom isOpen={creating} onClose={() => setCreating(false)} />
    </>
  );
}
