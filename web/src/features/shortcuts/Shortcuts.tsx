import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../ui/Dialog";
import { sendKey } from "../input/sendKey";
import styles from "./Shortcuts.module.css";

const opening = "roomful:shortcuts";

/** Opens the list of keys. */
export const showShortcuts = () => window.dispatchEvent(new Event(opening));

/** Sections of the list: what it is, and its keys. A part of a key in a text is not translated. */
const keys = {
  rooms: [
    ["nextRoom", "Alt+↑ ↓"],
    ["nextUnread", "Alt+Shift+↑ ↓"],
    ["sidebar", "Ctrl+Shift+D"],
    ["regions", "F6"],
  ],
  reading: [
    ["markRead", "Esc"],
    ["markAllRead", "Shift+Esc"],
    ["walk", "↑ ↓"],
    ["panel", "Ctrl+."],
  ],
  message: [
    ["reply", "R"],
    ["react", "+"],
    ["edit", "E"],
    ["delete", "Del"],
    ["pin", "P"],
    ["copyText", "C"],
    ["copyLink", "L"],
    ["markUnread", "U"],
  ],
  writing: [
    ["send", "Enter"],
    ["newLine", "Shift+Enter"],
    ["editLast", "↑"],
    ["cancel", "Esc"],
    ["complete", "@ # :"],
    ["upload", "Ctrl+U"],
    ["bold", "Ctrl+B"],
    ["italic", "Ctrl+I"],
    ["code", "Ctrl+E"],
    ["strike", "Ctrl+Shift+X"],
  ],
} as const;

/** Who sends with Ctrl+Enter breaks the line with Enter. */
const whereCtrlSends: Record<string, string> = { send: "Ctrl+Enter", newLine: "Enter" };

/** What the keyboard can do. */
export function Shortcuts() {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const open = () => setOpen(true);
    window.addEventListener(opening, open);
    return () => window.removeEventListener(opening, open);
  }, []);
  const ctrlSends = sendKey() === "ctrlEnter";
  return (
    <Dialog title={t("shortcuts.title")} isOpen={isOpen} onClose={() => setOpen(false)} size="wide">
      {(Object.keys(keys) as (keyof typeof keys)[]).map((section) => (
        <section key={section} className={styles.section}>
          <h3>{t(`shortcuts.${section}`)}</h3>
          <dl>
            {keys[section].map(([what, key]) => (
              <div key={what}>
                <dt>{t(`shortcuts.${what}`)}</dt>
                <dd>
                  <kbd>{(ctrlSends && whereCtrlSends[what]) || key}</kbd>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
