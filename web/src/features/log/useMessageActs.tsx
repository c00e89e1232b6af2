import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatActions } from "../../ChatContext";
import { shorten } from "../../chat/attributes";
import type { ChatMessage, Room } from "../../chat/model";
import { permalink } from "../../route";
import { Confirm } from "../../ui/Dialog";
import { refusal } from "../../ui/refusal";
import { toast } from "../../ui/Toast";
import { useRights } from "../members/useMembers";
import { useShowProfile } from "../profile/ProfileContext";
import { plainOf } from "../text/plain";
import { type ActKey, actsOn, type MessageAct } from "./messageActs";
import styles from "./RowMenu.module.css";

interface Doing {
  of: (message: ChatMessage) => MessageAct[];
  /** `row`: where the message stands; `sure`: nothing is asked. */
  run: (key: ActKey, message: ChatMessage, row: HTMLElement, sure?: boolean) => void;
  /** Whether one may react here. */
  writes: boolean;
  /** Questions that are asked before something is lost. */
  element: ReactNode;
}

/** What one can do with the messages of a room, and how it is done. */
export function useMessageActs(room: Room): Doing {
  const { t } = useTranslation();
  const { user } = useChat();
  const chat = useChatActions();
  const rights = useRights(room);
  const showProfile = useShowProfile();
  const [asked, setAsked] = useState<{ message: ChatMessage; open: boolean } | null>(null);
  const { sid } = room;

  async function copy(text: string, done: string) {
    try {
      await navigator.clipboard.writeText(text);
      toast(t(done));
    } catch {
      toast(t("log.failedCopy"));
    }
  }
  function remove(message: ChatMessage) {
    chat.remove(sid, message.index).catch((error) => toast(`${t("log.notDeleted")} ${refusal(error)}`));
    toast(t("log.deleted"), { action: { label: t("log.undo"), onPress: () => chat.restore(message.sid) } });
  }
  const pin = (message: ChatMessage, on: boolean) =>
    chat.pin(sid, message.sid, on).catch((error) => toast(refusal(error)));

  function run(key: ActKey, message: ChatMessage, row: HTMLElement, sure = false): void {
    const { index, author, body } = message;
    const does: Record<ActKey, () => unknown> = {
      reply: () => chat.setQuote(sid, { sid: message.sid, index, author, text: shorten(plainOf(body)) }),
      edit: () => chat.startEditing(sid, index),
      copy: () => copy(body, "log.copiedText"),
      link: () => copy(new URL(permalink(sid, index), window.location.href).href, "log.copied"),
      pin: () => pin(message, true),
      unpin: () => pin(message, false),
      unread: () => chat.markUnread(sid, index).catch(() => toast(t("log.failedUnread"))),
      profile: () => showProfile(author, row.querySelector<HTMLElement>("article") ?? row),
      delete: () => (sure ? remove(message) : setAsked({ message, open: true })),
    };
    does[key]();
  }

  const element = (
    <Confirm
      title={t("log.deleteTitle")}
      isOpen={asked?.open ?? false}
      onClose={() => setAsked((was) => was && { ...was, open: false })} // its text stays while it fades
      onConfirm={() => asked && remove(asked.message)}
      action={t("log.delete")}
      danger
    >
      <p>{t("log.deleteText")}</p>
      <blockquote className={styles.preview} dir="auto">
        {asked?.message.body || asked?.message.files.map(({ name }) => name).join(", ")}
      </blockquote>
    </Confirm>
  );
  return {
    of: (message) => actsOn(message, room, rights, user?.username ?? ""),
    run,
    writes: rights.write && !room.archived,
    element,
  };
}
