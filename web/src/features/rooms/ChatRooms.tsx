import { Compass, Plus } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChat, useChatState } from "../../ChatContext";
import { keepSections, type Sections } from "../../chat/order";
import { Button, IconButton } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import { Logo } from "../../ui/Logo";
import { Skeleton } from "../../ui/Skeleton";
import { ThemeToggle } from "../../ui/theme";
import { useRoving } from "../../ui/useRoving";
import { Me } from "../profile/Me";
import styles from "./ChatRooms.module.css";
import { CreateRoom } from "./CreateRoom";
import { NewMessage } from "./NewMessage";
import { RoomRow } from "./RoomRow";
import { SectionOfRooms } from "./SectionOfRooms";
import { useHeld } from "./useHeld";
import { useRoomMenu } from "./useRoomMenu";
import { useSections } from "./useSections";

type Making = "room" | "message" | null;

/** The house front: rooms, direct messages and what is archived, and who is signed in. */
export function ChatRooms() {
  const { t } = useTranslation();
  const ready = useChatState((state) => state.roomsReady);
  const connected = useChatState((state) => state.connected);
  const [, navigate] = useLocation();
  const [making, setMaking] = useState<Making>(null);
  const { held, handlers } = useHeld();
  // Rooms come one by one at first, in no order that is worth keeping.
  const sections = useSteady(useSections(), held && ready);
  const none = ready && sections.rooms.length + sections.dms.length + sections.archived.length === 0;
  return (
    <nav className={styles.sidebar} aria-label={t("rooms.label")}>
      <div className={styles.head}>
        <span className={styles.logo}>
          <Logo size={22} />
        </span>
        <span className={cx(styles.name, "truncate")}>{t("app")}</span>
        <ThemeToggle />
      </div>
      <div className={cx(styles.scroll, ready && !connected && styles.old)} {...handlers}>
        <List
          sections={sections}
          tools={{
            rooms: (
              <>
                <IconButton label={t("rooms.browse")} onClick={() => navigate("/browse")}>
                  <Icon of={Compass} />
                </IconButton>
                <IconButton label={t("rooms.create")} onClick={() => setMaking("room")}>
                  <Icon of={Plus} />
                </IconButton>
              </>
            ),
            dms: (
              <IconButton label={t("rooms.newMessage")} onClick={() => setMaking("message")}>
                <Icon of={Plus} />
              </IconButton>
            ),
          }}
        />
        {none && <NoRooms onCreate={() => setMaking("room")} />}
        {!ready && sections.rooms.length === 0 && <Skeleton rows={6} />}
      </div>
      <Me />
      <CreateRoom isOpen={making === "room"} onClose={() => setMaking(null)} />
      <NewMessage isOpen={making === "message"} onClose={() => setMaking(null)} />
    </nav>
  );
}

/** Nothing moves while somebody points at the list or is in it by keyboard. */
function useSteady(sections: Sections, held: boolean): Sections {
  const shown = useRef(sections);
  shown.current = held ? keepSections(shown.current, sections) : sections;
  return shown.current;
}

function List({ sections, tools }: { sections: Sections; tools: Record<"rooms" | "dms", React.ReactNode> }) {
  const { t } = useTranslation();
  const { selectedChatroom } = useChat();
  const list = useRef<HTMLDivElement>(null);
  const [wanted, setArchived] = useState<boolean | null>(null);
  const showArchived = wanted ?? Boolean(selectedChatroom?.archived); // the open room is in the list
  const archived = showArchived ? sections.archived : [];
  const keys = [...sections.rooms, ...sections.dms, ...archived].map(({ sid }) => sid);
  const open = selectedChatroom?.sid ?? null;
  const { onKeyDown, stop } = useRoving(list, keys, open);
  const menu = useRoomMenu();
  const rows = (rooms: Sections["rooms"]) =>
    rooms.map((room) => (
      <li key={room.sid}>
        <RoomRow room={room} open={room.sid === open} stop={stop(room.sid)} menu={menu.handlers(room)} />
      </li>
    ));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys move between the rows, which are links
    <div ref={list} onKeyDown={onKeyDown}>
      <SectionOfRooms title={t("rooms.title")} tools={tools.rooms}>
        {rows(sections.rooms)}
      </SectionOfRooms>
      <SectionOfRooms title={t("rooms.dms")} tools={tools.dms}>
        {rows(sections.dms)}
      </SectionOfRooms>
      {sections.archived.length > 0 && (
        <SectionOfRooms title={t("rooms.archived")} isOpen={showArchived} onToggle={setArchived}>
          {rows(archived)}
        </SectionOfRooms>
      )}
      {menu.element}
    </div>
  );
}

function NoRooms({ onCreate }: { onCreate: () => void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  return (
    <div className={styles.empty}>
      <p>{t("rooms.empty")}</p>
      <Button size="sm" onClick={() => navigate("/browse")}>
        {t("rooms.browse")}
      </Button>
      <Button size="sm" look="quiet" onClick={onCreate}>
        {t("rooms.create")}
      </Button>
    </div>
  );
}
