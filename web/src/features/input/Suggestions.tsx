import { type Ref, useEffect, useId, useImperativeHandle, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../chat/model";
import { cx } from "../../ui/cx";
import { useRoomTitle } from "../../usePerson";
import { SuggestionLine } from "./SuggestionLine";
import styles from "./Suggestions.module.css";
import type { Offer, Suggestion } from "./suggestion";
import type { Trigger } from "./trigger";
import { useEmojiOffer, usePeopleOffer, useRoomsOffer } from "./useOffers";

/** What the field says of the list to those who do not see it. */
export interface Shown {
  /** The list's, and the marked line's, ids. */
  list: string;
  active: string;
  count: number;
}

/** What the field hands the list of its keys. */
export interface ListKeys {
  /** Whether the list takes the key. */
  press: (key: string) => boolean;
}

interface SuggestionsProps {
  room: Room;
  trigger: Trigger;
  ref: Ref<ListKeys>;
  onChoose: (suggestion: Suggestion) => void;
  onClose: () => void;
  /** Null while there is nothing to choose, and so no list. */
  onShown: (shown: Shown | null) => void;
}

/** What completes the text that is being typed. The focus stays in the field, which hands its keys to the list. */
export function Suggestions(props: SuggestionsProps) {
  if (props.trigger.kind === "person") return <People {...props} />;
  if (props.trigger.kind === "emoji") return <Emoji {...props} />;
  return <Rooms {...props} />;
}

function Emoji(props: SuggestionsProps) {
  const { t } = useTranslation();
  return <List {...props} offer={useEmojiOffer(props.trigger.typed)} label={t("input.emoji")} />;
}

function People(props: SuggestionsProps) {
  const { t } = useTranslation();
  const offer = usePeopleOffer(props.room, props.trigger.typed);
  return <List {...props} offer={offer} label={t("input.people")} />;
}

function Rooms(props: SuggestionsProps) {
  const { t } = useTranslation();
  return <List {...props} offer={useRoomsOffer(props.trigger.typed)} label={t("input.rooms")} />;
}

function List({
  room,
  trigger: { typed },
  ref,
  offer: { suggestions, stale },
  label,
  onChoose,
  onClose,
  onShown,
}: SuggestionsProps & { offer: Offer; label: string }) {
  const id = useId();
  const title = useRoomTitle(room);
  // A mark is for what was typed when it was set: the best is on top again after each letter.
  const [marked, setMarked] = useState({ id: "", typed });
  const at = Math.max(
    0,
    suggestions.findIndex((suggestion) => marked.typed === typed && suggestion.id === marked.id),
  );
  const active = suggestions[at];
  const idOf = (index: number) => `${id}-${index}`;
  const count = suggestions.length;
  /** Whether the choice was made before the lines for it were there. */
  const early = useRef(false);

  function step(by: number): void {
    const next = suggestions[(at + by + count) % count];
    if (next) setMarked({ id: next.id, typed });
  }
  useImperativeHandle(ref, () => ({
    press(key) {
      if (!active) return false;
      if (key === "ArrowDown") step(1);
      else if (key === "ArrowUp") step(-1);
      else if (key === "Escape") onClose();
      else if (key === "Enter" || key === "Tab") {
        if (stale) early.current = true;
        else onChoose(active);
      } else if (key === ":" && active.kind === "emoji" && active.shortcode === typed.toLowerCase()) onChoose(active);
      else return false;
      return true;
    },
  }));
  useEffect(() => {
    if (stale || !early.current) return;
    early.current = false;
    if (active) queueMicrotask(() => onChoose(active));
  });

  const activeId = active && idOf(at);
  useEffect(() => {
    onShown(activeId ? { list: id, active: activeId, count } : null);
    if (activeId) document.getElementById(activeId)?.scrollIntoView({ block: "nearest" });
  }, [onShown, id, activeId, count]);
  useEffect(() => () => onShown(null), [onShown]);

  if (count === 0) return null;
  return (
    <div id={id} className={styles.list} role="listbox" aria-label={label}>
      {suggestions.map((suggestion, index) => (
        // The keys are the field's.
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above
        <div
          key={suggestion.id}
          id={idOf(index)}
          className={cx(styles.line, index === at && styles.active)}
          role="option"
          tabIndex={-1}
          aria-selected={index === at}
          onMouseDown={(event) => event.preventDefault()}
          onMouseMove={() => index !== at && setMarked({ id: suggestion.id, typed })}
          onClick={() => onChoose(suggestion)}
        >
          <SuggestionLine suggestion={suggestion} room={title} />
        </div>
      ))}
    </div>
  );
}
