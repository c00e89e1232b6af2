import { UserPlus, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { Button, IconButton } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Notice } from "../../ui/Notice";
import { Skeleton } from "../../ui/Skeleton";
import { useWide } from "../../ui/useWide";
import { useRoomTitle } from "../../usePerson";
import { AddPeople } from "./AddPeople";
import { MemberList } from "./MemberList";
import styles from "./MemberPanel.module.css";
import { useMembers, useRights } from "./useMembers";

/** The people of a room, beside it; over it where there is no place, and instead of it on a phone. */
export function MemberPanel({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation();
  const title = useRoomTitle(room);
  const { add } = useRights(room);
  const [adding, setAdding] = useState(false);
  const over = !useWide(1100);
  const heading = useFocusWhenOver(over);

  function onKeyDown(event: KeyboardEvent) {
    if (!over || event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    onClose();
  }

  return (
    <aside className={styles.panel} aria-label={t("members.label", { room: title })} onKeyDown={onKeyDown}>
      <div className={styles.head}>
        <h2 ref={heading} tabIndex={-1}>
          {t("members.title")}
        </h2>
        <IconButton label={t("close")} onClick={onClose}>
          <Icon of={X} />
        </IconButton>
      </div>
      <People room={room} />
      {add && (
        <div className={styles.foot}>
          <Button wide onClick={() => setAdding(true)}>
            <Icon of={UserPlus} />
            {t("members.add")}
          </Button>
        </div>
      )}
      {add && <AddPeople room={room} isOpen={adding} onClose={() => setAdding(false)} />}
    </aside>
  );
}

function People({ room }: { room: Room }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const people = useMembers(room);
  const failed = useChatState((state) => state.membersFailed[room.sid]);
  const connected = useChatState((state) => state.connected);
  if (people)
    return (
      <>
        {!connected && <p className={styles.lastKnown}>{t("members.lastKnown")}</p>}
        <MemberList room={room} people={people} />
      </>
    );
  return (
    <div className={styles.scroll}>
      {!connected && <p className={styles.lastKnown}>{t("members.offlineFirst")}</p>}
      {failed && connected ? (
        <Notice onRetry={() => chat.reloadMembers(room.sid)}>{t("members.failed")}</Notice>
      ) : (
        <Skeleton rows={8} />
      )}
    </div>
  );
}

/** Over the room the panel is where one is; beside it the focus stays where it was. It goes back when the panel closes. */
function useFocusWhenOver(over: boolean) {
  const heading = useRef<HTMLHeadingElement>(null);
  const wasOver = useRef(over);
  useEffect(() => {
    const before = document.activeElement;
    const panel = heading.current?.closest("aside");
    if (wasOver.current) heading.current?.focus();
    return () => {
      const inside = document.activeElement === document.body || panel?.contains(document.activeElement);
      if (inside && before instanceof HTMLElement) setTimeout(() => before.focus());
    };
  }, []);
  return heading;
}
