import {
  Archive,
  ArchiveRestore,
  Info,
  type LucideIcon,
  PencilLine,
  Shield,
  ShieldOff,
  Text,
  UserMinus,
  UserPlus,
} from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useShallow } from "zustand/react/shallow";
import { useChatState } from "../../ChatContext";
import type { ChatMessage, SystemNote } from "../../chat/model";
import { Icon } from "../../ui/Icon";
import { fullTimeOf, listOf, timeOf } from "./format";
import styles from "./SystemRow.module.css";

const icons: Record<SystemNote["type"], LucideIcon> = {
  renamed: PencilLine,
  topic: Text,
  archived: Archive,
  unarchived: ArchiveRestore,
  added: UserPlus,
  removed: UserMinus,
  moderator: Shield,
  not_moderator: ShieldOff,
  other: Info,
};

/** What happened to the room, in our own words; of what this page does not know, the chat application's. */
export const SystemRow = memo(function SystemRow({ message }: { message: ChatMessage }) {
  const { t } = useTranslation();
  const note = message.system ?? { type: "other" };
  const identities = "by" in note ? [note.by, ...("who" in note ? note.who : [])] : [];
  const [by = "", ...who] = useChatState(
    useShallow((state) => identities.map((identity) => state.people[identity]?.name ?? identity)),
  );
  const values: Record<string, string> = {
    by,
    who: listOf(who),
    from: note.type === "renamed" ? note.from : "",
    to: note.type === "renamed" ? note.to : "",
    topic: note.type === "topic" ? note.topic : "",
  };
  const key = note.type === "topic" && !note.topic ? "noTopic" : note.type;
  // Names come in after the sentence is taken apart, so nothing in them is taken for a part of it.
  const slots = Object.fromEntries(Object.keys(values).map((name) => [name, `{${name}}`]));
  const sentence = note.type === "other" ? [message.body] : t(`system.${key}`, slots).split(/\{(\w+)\}/);
  return (
    <li data-row data-index={message.index} className={styles.row}>
      <Icon of={icons[note.type]} size={16} />
      <span>
        {sentence.map((part, at) => (at % 2 ? <b key={part}>{values[part]}</b> : part))}
        {", "}
        <time dateTime={new Date(message.sentAt).toISOString()} title={fullTimeOf(message.sentAt)}>
          {timeOf(message.sentAt)}
        </time>
      </span>
    </li>
  );
});
