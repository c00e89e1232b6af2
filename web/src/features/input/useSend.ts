import { useState } from "react";
import { useChatActions, useChatState } from "../../ChatContext";
import { everybody, mentionsIn } from "../../chat/mentions";
import type { OutgoingFile, Room } from "../../chat/model";

/** The service's limit of a message body, in bytes. */
const longest = 32_768;
/** From here on it is told how many are left. */
const nearlyFull = longest * 0.9;
/** Telling more people than these at once is asked about. */
const crowd = 10;

const noFiles: OutgoingFile[] = [];
/** No text has more bytes than three for each of its UTF-16 units. */
const bytesOf = (text: string) => (text.length * 3 < nearlyFull ? 0 : new TextEncoder().encode(text).length);

/** What is typed in a room, and whether and how it is sent. */
export function useSend(room: Room) {
  const { sid } = room;
  const chat = useChatActions();
  const draft = useChatState((state) => state.drafts[sid] ?? "");
  const files = useChatState((state) => state.enclosures[sid]?.files ?? noFiles);
  const others = useChatState((state) => (state.members[sid]?.length ?? 1) - 1);
  const [asks, setAsks] = useState(false);
  const bytes = bytesOf(draft);
  const tooLong = bytes > longest;

  /** Sends it, once it was `confirmed` where so many are told; says whether it went. */
  function send(confirmed = false): boolean {
    const text = draft.replace(/^(\s*\n)+/, "").trimEnd(); // the first line may be indented on purpose
    if ((!text.trim() && files.length === 0) || tooLong) return false;
    if (!confirmed && others >= crowd && mentionsIn(text, () => false).includes(everybody)) {
      setAsks(true);
      return false;
    }
    chat.setDraft(sid, "");
    chat.send(sid, text);
    return true;
  }

  return {
    draft,
    send,
    tooLong,
    canSend: (draft.trim() !== "" || files.length > 0) && !tooLong,
    /** How many bytes more it may have; null while there are many. */
    left: bytes > nearlyFull ? longest - bytes : null,
    /** How many people a question is about, before all of them are told. */
    asked: asks ? others : null,
    closeQuestion: () => setAsks(false),
  };
}
