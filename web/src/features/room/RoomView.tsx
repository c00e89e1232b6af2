import { useChatState } from "../../ChatContext";
import { cx } from "../../ui/cx";
import { ChatLog } from "../log/ChatLog";
import { MemberPanel } from "../members/MemberPanel";
import { usePanel } from "../members/usePanel";
import { ProfileProvider } from "../profile/ProfileContext";
import { Composer } from "./Composer";
import { ConnectionBanner } from "./ConnectionBanner";
import { NoticeOffer } from "./NoticeOffer";
import { OtherRoom, RoomGone } from "./Outside";
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
    return ready ? <OtherRoom sid={sid} /> : <main className="fill" aria-busy="true" />;
  }
  return (
    <ProfileProvider room={room}>
      <div className={cx(styles.split, panelOpen && styles.withPanel)}>
        <main className={styles.room}>
          <RoomHeader room={room} panelOpen={panelOpen} onPanel={() => setPanel(!panelOpen)} />
          <div>
            <ConnectionBanner />
            <NoticeOffer />
          </div>
          <ChatLog room={room} />
          <Composer room={room} />
        </main>
        {panelOpen && <MemberPanel room={room} onClose={() => setPanel(false)} />}
      </div>
    </ProfileProvider>
  );
}
