import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Shield, ShieldOff, UserMinus } from "lucide-react";
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
import { usePerson } from "../../usePerson";
import { useModerators, useRights } from "../members/useMembers";
import styles from "./ProfileCard.module.css";

/** What is asked before it is done. */
export type Question = "remove" | "stepDown";

interface ModerationProps {
  room: Room;
  person: Person;
  onAsk: (question: Question) => void;
}

/** What moderators can do to somebody in their room; nothing is shown to others. */
export function Moderation({ room, person, onAsk }: ModerationProps) {
  const { t } = useTranslation();
  const { identity, name } = person;
  const { moderate } = useRights(room);
  const moderates = useModerators(room).has(identity);
  const isMe = useChatState((state) => state.me?.identity === identity);
  const here = useChatState(({ members }) => members[room.sid]?.some((member) => member.identity === identity));
  const { change } = useActs(room, identity);
  if (!moderate || !here) return null;

  return (
    <div className={styles.moderation}>
      {change.error && <Notice>{refused(change.error, t("profile.lastModerator", { name, room: room.name }))}</Notice>}
      {moderates ? (
        <Button look="quiet" wide onClick={() => (isMe ? onAsk("stepDown") : change.mutate(false))}>
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
        <Button look="quiet" wide className={styles.danger} onClick={() => onAsk("remove")}>
          <Icon of={UserMinus} />
          {t("profile.remove")}
        </Button>
      )}
    </div>
  );
}

interface AskProps {
  question: Question;
  room: Room;
  identity: string;
  onClose: () => void;
}

export function Ask({ question, room, identity, onClose }: AskProps) {
  const { t } = useTranslation();
  const { name } = usePerson(identity);
  const { change, remove } = useActs(room, identity);
  const values = { name, room: room.name };
  if (question === "stepDown")
    return (
      <Confirm
        title={t("profile.stepDownTitle", values)}
        action={t("profile.stepDownAction")}
        isOpen
        onClose={onClose}
        onConfirm={() => change.mutateAsync(false).catch((error) => Promise.reject(said(error, t("profile.onlyYou"))))}
      >
        {t("profile.stepDownText")}
      </Confirm>
    );
  return (
    <Confirm
      title={t("profile.removeTitle", values)}
      action={t("profile.removeAction")}
      danger
      isOpen
      onClose={onClose}
      onConfirm={() => remove.mutateAsync()}
    >
      {t(room.isPrivate ? "profile.removeTextPrivate" : "profile.removeText", values)}
    </Confirm>
  );
}

/** Whatever becomes of it, what is known about the room's people is asked anew: a refusal means that it was wrong. */
function useActs({ sid }: Room, identity: string) {
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
  return { change, remove };
}

const isLast = (error: unknown) => error instanceof ApiError && error.code === "last_moderator";
const refused = (error: unknown, last: string) => (isLast(error) ? last : refusal(error));
/** The same refusal, in words for the one who reads it. */
const said = (error: unknown, last: string) => (isLast(error) ? new ApiError(409, "last_moderator", last) : error);
