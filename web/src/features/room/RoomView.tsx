import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Gone } from "../../chat/model";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Empty } from "../../ui/Empty";
import { ChatInput } from "../input/ChatInput";
import { ChatLog } from "../log/ChatLog";
import { MemberPanel } from "../members/MemberPanel";
import { usePanel } from "../members/usePanel";
import { ProfileProvider } from "../profile/ProfileContext";
import { ConnectionBanner } from "./ConnectionBanner";
import { RoomHeader } from "./RoomHeader";
import styles from "./RoomView.module.css";

/** The open room: header, log, composer, and the people beside it. */
export function RoomView({ sid }: { sid: string }) {
  const room = useChatState((state) => state.rooms[sid]);
  const gone = useChatState((state) => state.gone[sid]);
  const ready = useChatState((state) => state.roomsReady);
  const [panelOpen, setPanel] = usePanel();

  if (!room) {
    if (gone) return <RoomGone sid={sid} gone={gone} />;
    return ready ? <UnknownRoom /> : <main className="fill" aria-busy="true" />;
  }
  return (
    <ProfileProvider room={room}>
      <div className={cx(styles.split, panelOpen && styles.withPanel)}>
        <main className={styles.room}>
          <RoomHeader room={room} panelOpen={panelOpen} onPanel={() => setPanel(!panelOpen)} />
          <ConnectionBanner />
          <ChatLog room={room} />
          <ChatInput room={room} />
        </main>
        {panelOpen && <MemberPanel room={room} onClose={() => setPanel(false)} />}
      </div>
    </ProfileProvider>
  );
}

function RoomGone({ sid, gone }: { sid: string; gone: Gone }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const [, navigate] = useLocation();
  const [copied, setCopied] = useState(false);
  const leave = () => {
    navigate("/");
    chat.leaveGone(sid);
  };
  return (
    <main className="fill" role="status">
      <Empty
        door="shut"
        title={t(`room.${gone.why}`, { room: gone.name })}
        actions={
          <>
            <Button look="primary" onClick={leave}>
              {t("backToRooms")}
            </Button>
            {gone.unsent && (
              <Button onClick={() => navigator.clipboard.writeText(gone.unsent).then(() => setCopied(true))}>
                {t(copied ? "copied" : "copyUnsent")}
              </Button>
            )}
          </>
        }
      >
        <p>
          {t(`room.${gone.why}Text`)} {gone.unsent && t("room.unsentText")}
        </p>
        {gone.unsent && <pre>{gone.unsent}</pre>}
      </Empty>
    </main>
  );
}

function UnknownRoom() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  return (
    <main className="fill">
      <Empty
        door="shut"
        title={t("room.unknown")}
        actions={
          <Button look="primary" onClick={() => navigate("/")}>
            {t("backToRooms")}
          </Button>
        }
      >
        <p>{t("room.unknownText")}</p>
      </Empty>
    </main>
  );
}
