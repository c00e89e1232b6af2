import {
  CircleUser,
  Copy,
  Link as LinkIcon,
  type LucideIcon,
  MailOpen,
  Pencil,
  Pin,
  PinOff,
  Reply,
  Trash2,
} from "lucide-react";
import type { ChatMessage, Room } from "../../chat/model";
import type { Rights } from "../members/useMembers";

export type ActKey = "reply" | "edit" | "copy" | "link" | "pin" | "unpin" | "unread" | "profile" | "delete";

/** Something that one can do with a message. `text`: what it is called, below "log" in the texts. */
export interface MessageAct {
  key: ActKey;
  icon: LucideIcon;
  text: string;
  /** With the focus on the message, this key does it. */
  shortcut?: string;
  danger?: boolean;
}

const all: MessageAct[] = [
  { key: "reply", icon: Reply, text: "reply", shortcut: "R" },
  { key: "edit", icon: Pencil, text: "editMessage", shortcut: "E" },
  { key: "copy", icon: Copy, text: "copyText", shortcut: "C" },
  { key: "link", icon: LinkIcon, text: "copyLink", shortcut: "L" },
  { key: "pin", icon: Pin, text: "pin", shortcut: "P" },
  { key: "unpin", icon: PinOff, text: "unpin", shortcut: "P" },
  { key: "unread", icon: MailOpen, text: "markUnread", shortcut: "U" },
  { key: "profile", icon: CircleUser, text: "profile" },
  { key: "delete", icon: Trash2, text: "deleteMessage", shortcut: "Del", danger: true },
];

/** What `me` may do with a message, in the order of the menu. The server decides; this leaves out what it would refuse. */
export function actsOn(message: ChatMessage, room: Room, rights: Rights, me: string): MessageAct[] {
  const mine = message.author === me;
  const writes = rights.write && !room.archived;
  const pinned = room.pins.some(({ sid }) => sid === message.sid);
  const may: Record<ActKey, boolean> = {
    reply: writes,
    edit: mine && writes,
    copy: message.body !== "",
    link: true,
    pin: writes && !pinned,
    unpin: writes && pinned,
    unread: true,
    profile: true,
    delete: mine || rights.deleteAny,
  };
  return all.filter(({ key }) => may[key]);
}

const keys: Record<string, string> = { delete: "Del" };

/** The act that a key stands for, of those that there are. */
export function actOf(pressed: string, acts: MessageAct[]): MessageAct | undefined {
  const name = keys[pressed.toLowerCase()] ?? pressed.toUpperCase();
  return acts.find(({ shortcut }) => shortcut === name);
}

/** These keys open the choice of a reaction. */
export const reacts = (pressed: string) => pressed === "+" || pressed === ":";
