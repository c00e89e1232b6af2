import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChatState } from "../../ChatContext";
import type { Profile } from "../../chat/peopleApi";
import { roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { PeoplePicker } from "../profile/PeoplePicker";

const mostOthers = 8;

/** Finds somebody, or a few, to write to. */
export function NewMessage({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("rooms.newMessage")} isOpen={isOpen} onClose={onClose}>
      <Choice onClose={onClose} />
    </Dialog>
  );
}

function Choice({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const me = useChatState((state) => state.me?.identity) ?? "";
  const [chosen, setChosen] = useState<Profile[]>([]);
  const open = useMutation({
    mutationFn: () => roomsApi.openDm(chosen.map(({ identity }) => identity)),
    onSuccess: ({ sid }) => {
      onClose();
      navigate(`/r/${sid}`);
    },
  });
  const ready = chosen.length > 0 && !open.isPending;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) open.mutate();
      }}
    >
      <PeoplePicker
        label={t("rooms.to")}
        chosen={chosen}
        onChange={setChosen}
        taken={{ [me]: t("rooms.thatIsYou") }}
        most={mostOthers}
      />
      {open.error && <Notice>{refusal(open.error)}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>{t("cancel")}</Button>
        <Button look="primary" type="submit" aria-disabled={!ready}>
          {t(open.isPending ? "profile.opening" : "rooms.write")}
        </Button>
      </DialogActions>
    </form>
  );
}
