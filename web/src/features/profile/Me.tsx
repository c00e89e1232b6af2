import { Keyboard, LogOut, Palette, Settings } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChat, useChatActions, useChatState } from "../../ChatContext";
import { Avatar } from "../../ui/Avatar";
import { Confirm } from "../../ui/Dialog";
import { MenuButton, MenuItem, MenuSection } from "../../ui/Menu";
import { Notice } from "../../ui/Notice";
import { usePerson } from "../../usePerson";
import { showShortcuts } from "../shortcuts/Shortcuts";
import styles from "./Me.module.css";

/** The person's own row at the foot of the list: who is signed in, and the way to the settings and out. */
export function Me() {
  const { t } = useTranslation();
  const { user, logout } = useChat();
  const { keeps } = useChatActions();
  const [, navigate] = useLocation();
  const unsent = useChatState((state) => Object.values(state.outbox).some((rows) => rows.length > 0));
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState(false);
  if (!user) return null;

  async function leave() {
    setFailed(false);
    await logout().catch(() => setFailed(true));
  }
  return (
    <>
      {failed && (
        <div className={styles.problem}>
          <Notice>{t("me.signOutFailed")}</Notice>
        </div>
      )}
      <MenuButton
        label={t("me.menu", { name: user.name })}
        className={styles.me}
        placement="top start"
        face={<Face username={user.username} />}
      >
        <MenuSection label={t("me.account")}>
          <MenuItem icon={Settings} onAction={() => navigate("/settings/profile")}>
            {t("me.settings")}
          </MenuItem>
          <MenuItem icon={Palette} onAction={() => navigate("/settings/appearance")}>
            {t("settings.appearance.title")}
          </MenuItem>
          <MenuItem icon={Keyboard} shortcut="?" onAction={showShortcuts}>
            {t("shortcuts.title")}
          </MenuItem>
        </MenuSection>
        <MenuSection label={t("rooms.signOut")}>
          <MenuItem icon={LogOut} onAction={() => (unsent ? setAsking(true) : leave())}>
            {t("rooms.signOut")}
          </MenuItem>
        </MenuSection>
      </MenuButton>
      <Confirm
        title={t(keeps ? "me.keptTitle" : "me.unsentTitle")}
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={leave}
        action={t("rooms.signOut")}
        danger={!keeps}
      >
        {t(keeps ? "me.keptText" : "me.unsentText")}
      </Confirm>
    </>
  );
}

function Face({ username }: { username: string }) {
  const { t } = useTranslation();
  const person = usePerson(username);
  const connected = useChatState((state) => state.connected);
  const ready = useChatState((state) => state.roomsReady);
  const state = t(connected ? "rooms.online" : ready ? "rooms.offline" : "rooms.connecting");
  return (
    <>
      <Avatar person={person} size="sm" online={connected} presence={state} />
      <span className={styles.text}>
        <b className="truncate">
          <bdi>{person.name}</bdi>
        </b>
        <small className="truncate">{connected ? `@${username}` : state}</small>
      </span>
    </>
  );
}
