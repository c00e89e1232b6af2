import {
  EmojiPicker as Frimousse,
  getEmojiDetails,
  type Emoji as Picked,
  type EmojiDataResolver as Resolver,
  useActiveEmoji,
  useSkinTone,
} from "frimousse";
import { type ComponentProps, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./EmojiPicker.module.css";
import { type Emoji, loadEmoji } from "./emoji";
import { chooseTone, chosenTone, recentEmoji, type Tone, tones, usedEmoji } from "./memory";

interface EmojiPickerProps {
  onPick: (emoji: string) => void;
  onClose: () => void;
  /** How many emoji are beside each other. */
  columns: number;
  /** Not where that would open a keyboard on the screen, over what one wants to see. */
  focusSearch: boolean;
}

/** All emoji with search, those used lately, and the skin tone. Loaded when somebody opens it first. */
export function EmojiPicker({ onPick, onClose, columns, focusSearch }: EmojiPickerProps) {
  const { t } = useTranslation();
  const resolve = useResolver();
  const [search, setSearch] = useState("");
  const [tone] = useState(chosenTone);

  function pick(emoji: string) {
    usedEmoji(emoji);
    onPick(emoji);
    onClose();
  }

  return (
    <Frimousse.Root
      className={styles.picker}
      columns={columns}
      skinTone={tone}
      resolveEmojiData={resolve}
      onEmojiSelect={({ emoji }: Picked) => pick(emoji)}
    >
      <div className={styles.top}>
        <Search value={search} onChange={setSearch} focused={focusSearch} resolve={resolve} onPick={pick} />
        <ToneButton />
      </div>
      {!search && <Recent columns={columns} onPick={pick} />}
      <Frimousse.Viewport className={styles.view} tabIndex={0} aria-label={t("emoji.all")} role="region">
        <Frimousse.Empty>
          <span className={styles.none}>{t("emoji.none")}</span>
        </Frimousse.Empty>
        <Frimousse.List className={styles.list} aria-label={t("emoji.all")} components={components} />
      </Frimousse.Viewport>
      <Preview />
    </Frimousse.Root>
  );
}

interface SearchProps {
  value: string;
  onChange: (value: string) => void;
  focused: boolean;
  resolve: Resolver;
  onPick: (emoji: string) => void;
}

/** The field to search in. Enter waits for what it is meant for: the list comes a moment after what was typed, or later. */
function Search({ value, onChange, focused, resolve, onPick }: SearchProps) {
  const { t } = useTranslation();
  const active = useActiveEmoji();
  const [entered, setEntered] = useState<string | null>(null);
  const isFound = active !== undefined && isFor(active.emoji, value, resolve);
  useEffect(() => {
    if (isFound && entered === value) onPick(active.emoji);
  });
  return (
    <Frimousse.Search
      className={styles.search}
      aria-label={t("emoji.search")}
      placeholder={t("emoji.search")}
      autoFocus={focused}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !value.trim() || isFound || event.nativeEvent.isComposing) return;
        event.preventDefault();
        setEntered(value);
      }}
    />
  );
}

/** Whether an emoji is found by these words, as the library finds it. */
function isFor(emoji: string, words: string, resolveEmojiData: Resolver): boolean {
  const { label = "", tags = [] } = getEmojiDetails(emoji, { resolveEmojiData }) ?? {};
  return [label, ...tags].some((one) => one.toLowerCase().includes(words.toLowerCase().trim()));
}

/** The library counts rows and columns from 0, ARIA from 1. */
function counted<T extends ComponentProps<"div"> | ComponentProps<"button">>(props: T): T {
  const { "aria-rowindex": row, "aria-colindex": column } = props;
  return {
    ...props,
    ...(row === undefined ? {} : { "aria-rowindex": row + 1 }),
    ...(column === undefined ? {} : { "aria-colindex": column + 1 }),
  };
}

const components: NonNullable<Parameters<typeof Frimousse.List>[0]["components"]> = {
  CategoryHeader: ({ category, ...props }) => (
    <div className={styles.group} {...props}>
      {category.label}
    </div>
  ),
  Row: (props) => <div className={styles.row} {...counted(props)} />,
  Emoji: ({ emoji, ...props }) => (
    <button type="button" className={styles.emoji} {...counted(props)}>
      {emoji.emoji}
    </button>
  ),
};

/** How the library gets its data: from this page's own list, with the group's and tones' names in the page's language. */
function useResolver(): Resolver {
  const { t } = useTranslation();
  return useRef(async (locale: string) => {
    const emojis = await loadEmoji();
    const groups = [...new Set(emojis.map(({ group }) => group))];
    const [light, mediumLight, medium, mediumDark, dark] = tones.slice(1).map((tone) => t(`emoji.tones.${tone}`));
    return {
      locale,
      emojis: emojis.map(asData),
      categories: groups.map((group) => ({ index: group, label: t(`emoji.groups.${group}`) })),
      skinTones: { light, "medium-light": mediumLight, medium, "medium-dark": mediumDark, dark } as Record<
        Exclude<Tone, "none">,
        string
      >,
    };
  }).current;
}

function asData({ emoji, label, shortcodes, words, group, version, skins }: Emoji) {
  const [light, mediumLight, medium, mediumDark, dark] = skins as [string, string, string, string, string];
  const variants = { light, "medium-light": mediumLight, medium, "medium-dark": mediumDark, dark };
  return {
    emoji,
    label,
    category: group,
    version,
    tags: [...shortcodes, ...words],
    skins: skins.length > 0 ? variants : undefined,
  };
}

function Recent({ columns, onPick }: { columns: number; onPick: (emoji: string) => void }) {
  const { t } = useTranslation();
  const recent = useMemo(() => recentEmoji().slice(0, columns), [columns]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div className={styles.recent} role="group" aria-label={t("emoji.recent")}>
      {recent.map((emoji) => (
        <button key={emoji} type="button" className={styles.emoji} onClick={() => onPick(emoji)}>
          {emoji}
        </button>
      ))}
    </div>
  );
}

/** Goes through the skin tones; the choice holds for all emoji, and later. */
function ToneButton() {
  const { t } = useTranslation();
  const [tone, setTone, variations] = useSkinTone("✋");
  const at = tones.indexOf(tone as Tone);
  function next() {
    const chosen = tones[(at + 1) % tones.length] as Tone;
    chooseTone(chosen);
    setTone(chosen);
  }
  const label = t("emoji.tone", { tone: t(`emoji.tones.${tones[at]}`) });
  return (
    <button type="button" className={styles.emoji} aria-label={label} title={label} onClick={next}>
      {variations[at]?.emoji}
    </button>
  );
}

/** What the marked emoji is called. */
function Preview() {
  const active = useActiveEmoji();
  return (
    <div className={styles.preview} aria-hidden="true">
      {active && (
        <>
          <span className={styles.big}>{active.emoji}</span>
          <span className="truncate">{active.label}</span>
        </>
      )}
    </div>
  );
}
