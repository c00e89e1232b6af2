import { shorten } from "./chat/attributes";
import type { Notice, Popups } from "./chat/notify";
import i18n from "./i18n";
import { recall, remember } from "./ui/memory";

const wantedKey = "roomful:notify";
const textKey = "roomful:notify-text";

export type Standing = "on" | "off" | "blocked" | "missing";

/** Whether this browser shows notifications of ours: the person has to allow it, and can still turn it off. */
export function standing(): Standing {
  if (typeof Notification === "undefined") return "missing";
  if (Notification.permission === "denied") return "blocked";
  return Notification.permission === "granted" && recall(wantedKey) !== "off" ? "on" : "off";
}

/** Asks the person by the browser's own question, where it has not been asked yet. Only ever from a button. */
export async function turnOn(): Promise<Standing> {
  remember(wantedKey, "on");
  if (typeof Notification !== "undefined") await Notification.requestPermission();
  return standing();
}

export function turnOff(): Standing {
  remember(wantedKey, "off");
  return standing();
}

/** Whether notifications show what was written. */
export const showsText = () => recall(textKey) !== "off";
export const chooseText = (shows: boolean) => remember(textKey, shows ? "on" : "off");

function titleFor({ author, room }: Notice): string {
  return room === null ? author : i18n.t("notice.title", { author, room });
}

async function bodyOf({ text }: Notice): Promise<string> {
  if (!showsText()) return i18n.t("notice.hidden");
  const { plainOf } = await import("./features/text/plain"); // with the page's own texts, after the sign-in
  return shorten(plainOf(text)) || i18n.t("notice.file");
}

/** The browser's notifications. Tabs know of each other by a channel. */
export function browserPopups(): Popups {
  const shown = new Map<string, Notification>();
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("roomful:seen");
  return {
    wanted: () => standing() === "on",

    async show(notice, onPress) {
      try {
        const body = await bodyOf(notice);
        const popup = new Notification(titleFor(notice), { body, tag: notice.sid, icon: "/favicon.svg" });
        popup.onclick = () => {
          window.focus();
          popup.close();
          onPress();
        };
        popup.onclose = () => shown.get(notice.sid) === popup && shown.delete(notice.sid);
        shown.set(notice.sid, popup);
      } catch {
        // Some browsers on phones know notifications of service workers only.
      }
    },

    close(sid) {
      for (const [of, popup] of shown) if (sid === undefined || sid === of) popup.close();
    },

    tellSeen: (sid, index) => channel?.postMessage({ sid, index }),
    onSeen(heard) {
      channel?.addEventListener("message", ({ data }) => heard(String(data.sid), Number(data.index)));
    },
  };
}
