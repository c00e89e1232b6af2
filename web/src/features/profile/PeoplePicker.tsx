import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Check, X } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import { Autocomplete, Input, Label, ListBox, ListBoxItem, SearchField } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { type Profile, peopleApi } from "../../chat/peopleApi";
import { Avatar } from "../../ui/Avatar";
import { Icon } from "../../ui/Icon";
import { Notice } from "../../ui/Notice";
import { Skeleton } from "../../ui/Skeleton";
import { usePaused } from "../../usePaused";
import styles from "./PeoplePicker.module.css";

interface PeoplePickerProps {
  label: string;
  chosen: Profile[];
  onChange: (chosen: Profile[]) => void;
  /** Who cannot be chosen, and why, by identity. */
  taken?: Record<string, string>;
  /** At most so many can be chosen. */
  most: number;
}

/** Finds people by their names and has some of them chosen. */
export function PeoplePicker({ label, chosen, onChange, taken = {}, most }: PeoplePickerProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  /** Enter was pressed and waits for the list. */
  const [entered, setEntered] = useState(false);
  const picker = useRef<HTMLDivElement>(null);
  useLivingMark(picker);
  const asked = usePaused(typed.trim());
  const found = useQuery({
    queryKey: ["people", asked],
    queryFn: () => peopleApi.find(asked),
    placeholderData: keepPreviousData,
  });
  // Who cannot be chosen is shown only to those who look for them.
  const people = (found.data ?? []).filter(({ identity }) => asked || !(identity in taken));
  const keys = new Set(chosen.map(({ identity }) => identity));
  const full = chosen.length >= most;
  const closed = people.filter(({ identity }) => identity in taken || (full && !keys.has(identity)));

  function type(text: string) {
    setTyped(text);
    setEntered(false);
  }

  function choose(selected: Set<string>) {
    const stay = chosen.filter(
      ({ identity }) => selected.has(identity) || !people.some((p) => p.identity === identity),
    );
    const come = people.filter(({ identity }) => selected.has(identity) && !keys.has(identity));
    onChange([...stay, ...come].slice(0, most));
    if (come.length > 0) setTyped("");
  }

  const first = people.find((person) => !keys.has(person.identity) && !closed.includes(person));
  const settled = asked === typed.trim() && !found.isPlaceholderData && !found.isPending;

  /** Enter takes the first one found when none is marked: the list may come too late for that, or not be there yet. */
  function onEnter(event: KeyboardEvent<HTMLElement>) {
    if (event.key !== "Enter" || event.nativeEvent.isComposing || !typed.trim()) return;
    if (settled && picker.current?.querySelector("[aria-activedescendant]")) return;
    event.preventDefault();
    event.stopPropagation();
    setEntered(true);
  }
  useEffect(() => {
    if (!entered || !settled) return;
    setEntered(false);
    if (first) choose(new Set([...keys, first.identity]));
  });

  return (
    <div ref={picker} className={styles.picker}>
      <Autocomplete inputValue={typed} onInputChange={type}>
        <SearchField className={styles.field} autoFocus>
          <Label className={styles.label}>{label}</Label>
          <div className={styles.box}>
            {chosen.map((person) => (
              <Chosen
                key={person.identity}
                person={person}
                onRemove={() => onChange(chosen.filter(({ identity }) => identity !== person.identity))}
              />
            ))}
            <Input
              onKeyDownCapture={onEnter}
              className={styles.input}
              role="combobox"
              aria-haspopup="listbox"
              aria-expanded={Boolean(found.data)}
              placeholder={chosen.length > 0 ? "" : t("people.placeholder")}
            />
          </div>
        </SearchField>
        {found.data && (
          <ListBox
            className={styles.list}
            aria-label={t("people.found")}
            items={people.map((person) => ({ ...person, id: person.identity }))}
            selectionMode="multiple"
            shouldFocusWrap
            selectedKeys={keys}
            disabledKeys={closed.map(({ identity }) => identity)}
            onSelectionChange={(keys) => keys !== "all" && choose(new Set([...keys].map(String)))}
            renderEmptyState={() => (
              <p className={styles.none}>{t(asked ? "people.none" : "people.type", { typed: asked })}</p>
            )}
          >
            {(person) => <Found person={person} note={taken[person.identity]} />}
          </ListBox>
        )}
      </Autocomplete>
      {found.isPending && <Skeleton rows={4} />}
      {found.error && <Notice onRetry={() => found.refetch()}>{t("people.failed")}</Notice>}
      {full && <p className={styles.note}>{t("people.full", { count: most })}</p>}
    </div>
  );
}

function Chosen({ person, onRemove }: { person: Profile; onRemove: () => void }) {
  const { t } = useTranslation();
  return (
    <span className={styles.chip}>
      <Avatar person={person} size="xs" />
      <bdi className="truncate">{person.name}</bdi>
      <button type="button" aria-label={t("people.remove", { name: person.name })} onClick={onRemove}>
        <Icon of={X} size={14} />
      </button>
    </span>
  );
}

function Found({ person, note }: { person: Profile; note: string | undefined }) {
  const { identity, name } = person;
  return (
    <ListBoxItem id={identity} textValue={name} className={styles.item ?? ""}>
      {({ isSelected }) => (
        <>
          <Avatar person={person} size="row" />
          <span className={styles.text}>
            <bdi className="truncate">{name}</bdi>
            <small className="truncate">{note ?? `@${identity}`}</small>
          </span>
          <span className={styles.mark}>{isSelected && <Icon of={Check} size={16} />}</span>
        </>
      )}
    </ListBoxItem>
  );
}

/** The field goes on naming the marked option when another list takes its place: nothing is named that is not there. */
function useLivingMark(picker: RefObject<HTMLElement | null>) {
  useEffect(() => {
    const { current } = picker;
    if (!current) return;
    const observer = new MutationObserver(() => {
      const field = current.querySelector("[aria-activedescendant]");
      const id = field?.getAttribute("aria-activedescendant");
      if (id && !document.getElementById(id)) field?.removeAttribute("aria-activedescendant");
    });
    observer.observe(current, { subtree: true, childList: true, attributeFilter: ["aria-activedescendant"] });
    return () => observer.disconnect();
  }, [picker]);
}
