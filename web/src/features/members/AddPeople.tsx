import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import type { Room } from "../../chat/model";
import { type Added, type Profile, peopleApi } from "../../chat/peopleApi";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { useRoomTitle } from "../../usePerson";
import { PeoplePicker } from "../profile/PeoplePicker";
import styles from "./MemberPanel.module.css";

/** The chat application takes so many at once. */
const mostAtOnce = 50;

interface AddPeopleProps {
  room: Room;
  isOpen: boolean;
  onClose: () => void;
}

/** Puts people into a room. */
export function AddPeople({ room, isOpen, onClose }: AddPeopleProps) {
  const { t } = useTranslation();
  const title = useRoomTitle(room);
  return (
    <Dialog title={t("members.addTitle", { room: title })} isOpen={isOpen} onClose={onClose}>
      <Choice room={room} onClose={onClose} />
    </Dialog>
  );
}

function Choice({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<Profile[]>([]);
  const taken = useTaken(room);
  const add = useMutation({
    mutationFn: (people: Profile[]) =>
      peopleApi.add(
        room.sid,
        people.map(({ identity }) => identity),
      ),
    onSuccess: ({ refused }) => {
      if (Object.keys(refused).length === 0) onClose();
      else setChosen(chosen.filter(({ identity }) => identity in refused));
    },
  });
  const ready = chosen.length > 0 && !add.isPending;
  return (
    <form
      className={styles.add}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) add.mutate(chosen);
      }}
    >
      <PeoplePicker label={t("members.who")} chosen={chosen} onChange={setChosen} taken={taken} most={mostAtOnce} />
      {add.error && <Notice>{refusal(add.error)}</Notice>}
      {add.data && <Refused outcome={add.data} people={add.variables ?? []} />}
      <DialogActions>
        <Button onClick={onClose}>{t(add.data ? "close" : "cancel")}</Button>
        <Button look="primary" type="submit" disabled={chosen.length === 0} aria-disabled={!ready}>
          {t(add.isPending ? "members.adding" : chosen.length > 0 ? "members.addCount" : "members.addNobody", {
            count: chosen.length,
          })}
        </Button>
      </DialogActions>
    </form>
  );
}

/** Who is in the room already. */
function useTaken(room: Room): Record<string, string> {
  const { t } = useTranslation();
  const members = useChatState((state) => state.members[room.sid]);
  return useMemo(
    () =>
      Object.fromEntries(
        (members ?? []).flatMap(({ identity }) => (identity ? [[identity, t("members.inRoom")]] : [])),
      ),
    [members, t],
  );
}

const reasons = ["room_full", "too_many_rooms", "room_archived", "no_person"];

function Refused({ outcome, people }: { outcome: Added; people: Profile[] }) {
  const { t } = useTranslation();
  const refused = people.filter(({ identity }) => identity in outcome.refused);
  const why = ({ identity }: Profile) => {
    const code = outcome.refused[identity] ?? "";
    return t(`members.refused.${reasons.includes(code) ? code : "other"}`);
  };
  if (refused.length === 0) return null;
  return (
    <Notice>
      {outcome.added.length > 0 && t("members.partly", { count: outcome.added.length })}
      <ul>
        {refused.map((person) => (
          <li key={person.identity}>
            <bdi>{person.name}</bdi>: {why(person)}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
