import { useQuery } from "@tanstack/react-query";
import { SmilePlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import { reactionsWith } from "../../chat/acts";
import { messagesApi } from "../../chat/messagesApi";
import type { ChatMessage, Reaction } from "../../chat/model";
import { EmojiButton } from "../emoji/EmojiPopover";
import { listOf } from "./format";
import styles from "./Reactions.module.css";
import { useReact } from "./useReact";

/** More than these are shown when asked for. */
const mostShown = 20;
/** Named in a reaction's title; the others are counted. */
const mostNamed = 10;

interface ReactionsProps {
  sid: string;
  message: ChatMessage;
  me: string;
}

/** Who reacted how to a message: each a button by which one joins in, or takes it back. */
export function Reactions({ sid, message, me }: ReactionsProps) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const wishes = useChatState((state) => state.reacting[message.sid]);
  const told = useWhole(sid, message);
  const react = useReact(sid);
  const reactions = reactionsWith(told, wishes, me);
  if (reactions.length === 0) return null;
  const shown = all ? reactions : reactions.slice(0, mostShown);
  const more = reactions.length - shown.length;
  return (
    <fieldset className={styles.reactions} aria-label={t("log.reactions")}>
      {shown.map((reaction) => (
        <Pill key={reaction.emoji} reaction={reaction} me={me} onToggle={(on) => react(message, reaction.emoji, on)} />
      ))}
      {more > 0 && (
        <button type="button" className={styles.reaction} onClick={() => setAll(true)}>
          {t("log.moreReactions", { count: more })}
        </button>
      )}
      <EmojiButton
        label={t("log.addReaction")}
        icon={SmilePlus}
        className={styles.add}
        onPick={(emoji) => react(message, emoji, true)}
      />
    </fieldset>
  );
}

function Pill({ reaction, me, onToggle }: { reaction: Reaction; me: string; onToggle: (on: boolean) => void }) {
  const { t } = useTranslation();
  const { emoji, count, people } = reaction;
  const mine = people.includes(me);
  const named = useNames(people, me);
  const rest = count - named.length;
  const names = rest > 0 ? [...named, t("log.othersReacted", { count: rest })] : named;
  return (
    <button
      type="button"
      className={styles.reaction}
      aria-pressed={mine}
      aria-label={t(mine ? "log.youReacted" : "log.reacted", { emoji, count })}
      title={t("log.whoReacted", { names: listOf(names), emoji })}
      onClick={() => onToggle(!mine)}
    >
      <i aria-hidden="true">{emoji}</i>
      {count}
    </button>
  );
}

/** Oneself first. */
function useNames(people: string[], me: string): string[] {
  const { t } = useTranslation();
  const known = useChatState((state) => state.people);
  const others = people.filter((identity) => identity !== me).slice(0, mostNamed);
  const names = others.map((identity) => known[identity]?.name ?? identity);
  return people.includes(me) ? [t("log.you"), ...names] : names;
}

/** A message carries the first names only where there are many; the others are asked for. */
function useWhole(sid: string, { sid: message, reactions }: ChatMessage): Reaction[] {
  const cut = reactions.some(({ count, people }) => count > people.length);
  const { data } = useQuery({
    queryKey: ["reactions", message, reactions.map(({ emoji, count }) => `${emoji}${count}`).join()],
    enabled: cut,
    placeholderData: (before) => before,
    queryFn: () => messagesApi.reactions(sid, message),
  });
  if (!cut || !data) return reactions;
  const whole = new Map(data.map(({ emoji, people }) => [emoji, people.map(({ identity }) => identity)]));
  return reactions.map((reaction) => {
    const people = whole.get(reaction.emoji) ?? reaction.people;
    return people.length > reaction.people.length ? { ...reaction, people } : reaction;
  });
}
