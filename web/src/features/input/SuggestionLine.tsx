import { Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { bareName } from "../../chat/model";
import { Avatar } from "../../ui/Avatar";
import { Door } from "../../ui/Door";
import { Icon } from "../../ui/Icon";
import styles from "./Suggestions.module.css";
import type { Suggestion } from "./suggestion";

/** `room`: what the room is called in which it is written. */
export function SuggestionLine({ suggestion, room }: { suggestion: Suggestion; room: string }) {
  const { t } = useTranslation();
  switch (suggestion.kind) {
    case "person": {
      const { person, outside } = suggestion;
      return (
        <>
          <Avatar person={person} size="row" online={person.online} />
          <bdi className="truncate">{person.name}</bdi>
          <small className="truncate">{`@${person.identity}${outside ? `, ${t("input.outside", { room })}` : ""}`}</small>
        </>
      );
    }
    case "everybody":
      return (
        <>
          <span className={styles.face}>
            <Icon of={Users} size={16} />
          </span>
          <bdi>@room</bdi>
          <small className="truncate">{t("input.everybody", { count: suggestion.count - 1 })}</small>
        </>
      );
    case "room":
      return (
        <>
          <span className={styles.face}>
            <Door isPrivate={suggestion.room.isPrivate} size="sm" />
          </span>
          <bdi className="truncate">{bareName(suggestion.room.name)}</bdi>
          {suggestion.room.topic && <small className="truncate">{suggestion.room.topic}</small>}
        </>
      );
    case "emoji":
      return (
        <>
          <span className={styles.emoji}>{suggestion.emoji}</span>
          <bdi className="truncate">:{suggestion.shortcode}:</bdi>
        </>
      );
  }
}
