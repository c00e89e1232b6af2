import { useMutation } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import { mentionsIn } from "../../chat/mentions";
import type { Person, Room } from "../../chat/model";
import { peopleApi } from "../../chat/peopleApi";
import { Button } from "../../ui/Button";
import { refusal } from "../../ui/refusal";
import { Bar } from "./Bar";

interface OutsiderBarProps {
  room: Room;
  /** What the room is called. */
  title: string;
  text: string;
  person: Person;
  onClose: () => void;
}

/** Somebody was chosen who is not in the room, and so is not told: while the text mentions them they can be added. */
export function OutsiderBar({ room: { sid }, title, text, person, onClose }: OutsiderBarProps) {
  const { t } = useTranslation();
  const { identity, name } = person;
  const isHere = useChatState(({ members }) => members[sid]?.some((member) => member.identity === identity));
  const add = useMutation({
    mutationFn: async () => {
      const { refused } = await peopleApi.add(sid, [identity]);
      const code = refused[identity];
      return code ? t([`members.refused.${code}`, "members.refused.other"]) : null;
    },
  });
  if (isHere || mentionsIn(text, (other) => other === identity).length === 0) return null;
  const problem = add.error ? refusal(add.error) : add.data;
  return (
    <Bar icon={UserPlus} bad={Boolean(problem)} role="status" closes={t("close")} onClose={onClose}>
      <span>{problem ? t("input.notAdded", { name, why: problem }) : t("input.notHere", { name, room: title })}</span>
      {!problem && (
        <Button look="link" disabled={add.isPending} onClick={() => add.mutate()}>
          {t("input.add")}
        </Button>
      )}
    </Bar>
  );
}
