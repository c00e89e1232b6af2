import { useState } from "react";
import { useChatActions, useChatState } from "../../ChatContext";
import { isTooLong } from "../../chat/length";
import { everybody, mentionsIn } from "../../chat/mentions";
import type { OutgoingFile, Room } from "../../chat/model";

/** In a room of more people than these it is asked before all of them are told. */
const crowd = 10;

const noFiles: OutgoingFile[] = [];

/** What is typed in a room, and whether and how it is sent. */
export function useSend(room: Room) {
  const { sid } = room;
  const chat = useChatActions();
  const draft = useChatState((state) => state.drafts[sid] ?? "");
  const files = useChatState((state) => state.enclosures[sid]?.files ?? noFiles);
  const people = useChatState((state) => state.members[sid]?.length ?? 0);
  const [asks, setAsks] = useState(false);
  const tooLong = isTooLong(draft);

  /** Sends it, once it was `confirmed` where so many are told; says whether it went. */
  function send(confirmed = false): boolean {
    const text = draft.replace(/^(\s*\n)+/, "").trimEnd(); // the first line may be indented on purpose
    if ((!text.trim() && files.length === 0) || tooLong) return false;
    if (!confirmed && people > crowd && mentionsIn(text, () => false).includes(everybody)) {
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
    canSend: (draft.trim() !== "" || files.length > 0) && !tooLong,
    /** How many others a question is about, before all of them are told. */
    asked: asks ? people - 1 : null,
    closeQuestion: () => setAsks(false),
  };
}
