import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { roomName } from "../../chat/model";
import { roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { Switch } from "../../ui/Switch";
import { TextField } from "../../ui/TextField";
import { isAboutName, RoomNameField } from "./RoomNameField";

export const longestTopic = 250;

/** Makes a room, and leads into it. */
export function CreateRoom({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("rooms.createTitle")} isOpen={isOpen} onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const [isPrivate, setPrivate] = useState(false);
  const create = useMutation({
    mutationFn: () => roomsApi.create(roomName(name), topic.trim(), isPrivate),
    onSuccess: ({ sid }) => {
      queries.invalidateQueries({ queryKey: ["rooms"] });
      onClose();
      navigate(`/r/${sid}`);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() && !create.isPending) create.mutate();
      }}
    >
      <RoomNameField
        value={name}
        onChange={setName}
        hint={t("rooms.nameHint")}
        error={create.error}
        onForget={create.reset}
      />
      <TextField label={t("rooms.topic")} value={topic} onChange={setTopic} maxLength={longestTopic} multiline />
      <Switch isSelected={isPrivate} onChange={setPrivate} description={t("rooms.privateHint")}>
        {t("rooms.makePrivate")}
      </Switch>
      {create.error && !isAboutName(create.error) && <Notice>{refusal(create.error)}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>{t("cancel")}</Button>
        <Button look="primary" type="submit" disabled={!name.trim() || create.isPending}>
          {t(create.isPending ? "rooms.creating" : "rooms.create")}
        </Button>
      </DialogActions>
    </form>
  );
}
