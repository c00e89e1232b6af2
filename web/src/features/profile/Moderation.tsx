import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Shield, ShieldOff, UserMinus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import { ApiError } from "../../chat/api";
import type { Person, Room } from "../../chat/model";
import { peopleApi } from "../../chat/peopleApi";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { useModerators, useRights } from "../members/useMembers";
import styles from "./ProfileCard.module.css";

interface ModerationProps {
  room: Room;
  person: Person;
  onClose: () => void;
}

/** What moderators can do to somebody in their room; nothing is shown to others. */
export function Moderation({ room, person, onClose }: ModerationProps) {
  const { t } = useTranslation();
  const { identity, name } = person;
  const { moderate } = useRights(room);
  const moderates = useModerators(room).has(identity);
  const isMe = useChatState((state) => state.me?.identity === identity);
  const here = useChatState(({ members }) => members[room.sid]?.some((member) => member.identity === identity));
  const [asking, setAsking] = useState<"remove" | "stepDown" | null>(null);
  const [change, remove] = useActs(room, person);
  if (!moderate || !here) return null;

  const stopAsking = () => setAsking(null);
  const values = { name, room: room.name };
  return (
    <div className={styles.moderation}>
      {change.error && <Notice>{refused(change.error, t("profile.lastModerator", values))}</Notice>}
      {moderates ? (
        <Button look="quiet" wide onClick={() => (isMe ? setAsking("stepDown") : change.mutate(false))}>
          <Icon of={ShieldOff} />
          {t(isMe ? "profile.stepDown" : "profile.unmakeModerator")}
        </Button>
      ) : (
        <Button look="quiet" wide onClick={() => change.mutate(true)}>
          <Icon of={Shield} />
          {t("profile.makeModerator")}
        </Button>
      )}
      {!isMe && (
        <Button look="quiet" wide className={styles.danger} onClick={() => setAsking("remove")}>
          <Icon of={UserMinus} />
          {t("profile.remove")}
        </Button>
      )}
      <Confirm
        title={t("profile.removeTitle", values)}
        action={t("profile.removeAction")}
        danger
        isOpen={asking === "remove"}
        onClose={stopAsking}
        onConfirm={async () => {
          await remove.mutateAsync();
          onClose();
        }}
      >
        {t(room.isPrivate ? "profile.removeTextPrivate" : "profile.removeText", values)}
      </Confirm>
      <Confirm
        title={t("profile.stepDownTitle", values)}
        action={t("profile.stepDownAction")}
        isOpen={asking === "stepDown"}
        onClose={stopAsking}
        onConfirm={() => change.mutateAsync(false)}
      >
        {t("profile.stepDownText")}
      </Confirm>
    </div>
  );
}

/** Whatever becomes of it, what is known about the room's people is asked anew: a refusal means that it was wrong. */
function useActs({ sid }: Room, { identity }: Person) {
  const queries = useQueryClient();
  const onSettled = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ["members", sid] }),
      queries.invalidateQueries({ queryKey: ["room", sid, "rights"] }),
    ]);
  const change = useMutation({
    mutationFn: (moderator: boolean) => peopleApi.setModerator(sid, identity, moderator),
    onSettled,
  });
  const remove = useMutation({ mutationFn: () => peopleApi.remove(sid, identity), onSettled });
  return [change, remove] as const;
}

const refused = (error: Error, lastModerator: string) =>
  error instanceof ApiError && error.code === "last_moderator" ? lastModerator : refusal(error);
