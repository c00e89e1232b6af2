import { useState } from "react";
import { useChatActions, useChatState } from "../../ChatContext";
import { bytesOf, longest, nearlyFull } from "../../chat/length";
import { everybody, mentionsIn } from "../../chat/mentions";
import type { OutgoingFile, Room } from "../../chat/model";

/** Telling more people than these at once is asked about. */
const crowd = 10;

const noFiles: OutgoingFile[] = [];

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
