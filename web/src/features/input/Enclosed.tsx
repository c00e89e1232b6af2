import { CircleAlert } from "lucide-react";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import type { Draft, Person, Room } from "../../chat/model";
import { useRoomTitle } from "../../usePerson";
import { Bar } from "./Bar";
import { OutsiderBar } from "./OutsiderBar";
import { PasteBar } from "./PasteBar";
import { ReplyBar } from "./ReplyBar";
import { Tray } from "./Tray";
import type { useFiles } from "./useFiles";
import type { usePaste } from "./usePaste";

const nothing: Draft = { quote: null, files: [] };

interface EnclosedProps {
  room: Room;
  field: RefObject<HTMLTextAreaElement | null>;
  text: string;
  files: ReturnType<typeof useFiles>;
  paste: ReturnType<typeof usePaste>;
  /** Somebody whom the text mentions, and who is not in the room. */
  outsider: Person | null;
  onForget: () => void;
}

/** What goes with the text, above it, and what there is to say about the message. */
export function Enclosed({ room, field, text, files, paste, outsider, onForget }: EnclosedProps) {
  const { t } = useTranslation();
  const title = useRoomTitle(room);
  const draft = useChatState((state) => state.enclosures[room.sid] ?? nothing);
  const { pasted, forget } = paste;
  const at = pasted ? text.indexOf(pasted) : -1;
  return (
    <>
      {draft.quote && <ReplyBar room={room} quote={draft.quote} />}
      {pasted && at >= 0 && <PasteBar pasted={pasted} at={at} field={field} onFiles={files.attach} onClose={forget} />}
      {outsider && (
        <OutsiderBar
          key={outsider.identity}
          room={room}
          title={title}
          text={text}
          person={outsider}
          onClose={onForget}
        />
      )}
      {draft.files.length > 0 && <Tray sid={room.sid} files={draft.files} />}
      {files.refused.length > 0 && (
        <Bar icon={CircleAlert} bad role="alert" closes={t("close")} onClose={files.forgive}>
          <span>{files.refused.join(" ")}</span>
        </Bar>
      )}
    </>
  );
}
