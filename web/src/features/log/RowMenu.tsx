import { Ellipsis, Reply, SmilePlus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { MenuButton, MenuItem, MenuSection } from "../../ui/Menu";
import { EmojiButton } from "../emoji/EmojiPopover";
import { recentEmoji } from "../emoji/memory";
import type { ActKey, MessageAct } from "./messageActs";
import styles from "./RowMenu.module.css";

/** As many of the emoji that one used last are at hand. */
const mostRecent = 3;

export interface RowMenuProps {
  acts: MessageAct[];
  mayReact: boolean;
  /** What is open of it: it stays where it is then. */
  open: "menu" | "emoji" | null;
  onOpen: (open: "menu" | "emoji" | null) => void;
  onAct: (key: ActKey) => void;
  onReact: (emoji: string) => void;
}

/** At a message's upper corner: the reactions used last, the choice of others, the answer, and a menu of the rest. */
export function RowMenu({ acts, mayReact, open, onOpen, onAct, onReact }: RowMenuProps) {
  const { t } = useTranslation();
  const reply = acts.find(({ key }) => key === "reply");
  return (
    <div className={styles.tools} aria-live="off">
      {mayReact &&
        recentEmoji()
          .slice(0, mostRecent)
          .map((emoji) => (
            <IconButton
              key={emoji}
              label={t("log.reactWith", { emoji })}
              className={styles.tool}
              tabIndex={-1}
              onClick={() => onReact(emoji)}
            >
              {emoji}
            </IconButton>
          ))}
      {mayReact && (
        <EmojiButton
          label={t("log.addReaction")}
          icon={SmilePlus}
          className={styles.tool}
          isOpen={open === "emoji"}
          onOpenChange={(isOpen) => onOpen(isOpen ? "emoji" : null)}
          onPick={onReact}
        />
      )}
      {reply && (
        <IconButton label={t("log.reply")} className={styles.tool} onClick={() => onAct("reply")}>
          <Icon of={Reply} />
        </IconButton>
      )}
      <MenuButton
        label={t("log.actions")}
        icon={Ellipsis}
        className={styles.tool}
        isOpen={open === "menu"}
        onOpenChange={(isOpen) => onOpen(isOpen ? "menu" : null)}
      >
        <Acts acts={acts} onAct={onAct} />
      </MenuButton>
    </div>
  );
}

function Acts({ acts, onAct }: Pick<RowMenuProps, "acts" | "onAct">) {
  const { t } = useTranslation();
  const item = ({ key, icon, text, shortcut, danger = false }: MessageAct) => (
    <MenuItem key={key} icon={icon} danger={danger} {...(shortcut ? { shortcut } : {})} onAction={() => onAct(key)}>
      {t(`log.${text}`)}
    </MenuItem>
  );
  return (
    <>
      <MenuSection label={t("log.actions")}>{acts.filter(({ danger }) => !danger).map(item)}</MenuSection>
      {acts.some(({ danger }) => danger) && (
        <MenuSection label={t("log.deleteMessage")}>{acts.filter(({ danger }) => danger).map(item)}</MenuSection>
      )}
    </>
  );
}
