import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { ApiError } from "../../chat/api";
import { roomName } from "../../chat/model";
import { roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { Switch } from "../../ui/Switch";
import { TextField } from "../../ui/TextField";

export const longestName = 80;
export const longestTopic = 250;

/** Whether a refusal is about the name, and is said at its field. */
export const isAboutName = (error: unknown) =>
  error instanceof ApiError && ["room_exists", "bad_name"].includes(error.code);

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
  const aboutName = isAboutName(create.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() && !create.isPending) create.mutate();
      }}
    >
      <TextField
        label={t("rooms.name")}
        value={name}
        onChange={(typed) => {
          setName(typed);
          if (aboutName) create.reset();
        }}
        maxLength={longestName}
        description={t("rooms.nameHint")}
        error={aboutName ? refusal(create.error) : null}
        autoFocus
      />
      <TextField label={t("rooms.topic")} value={topic} onChange={setTopic} maxLength={longestTopic} multiline />
      <Switch isSelected={isPrivate} onChange={setPrivate} description={t("rooms.privateHint")}>
        {t("rooms.makePrivate")}
      </Switch>
      {create.error && !aboutName && <Notice>{refusal(create.error)}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>{t("cancel")}</Button>
        <Button look="primary" type="submit" disabled={!name.trim() || create.isPending}>
          {t(create.isPending ? "rooms.creating" : "rooms.create")}
        </Button>
      </DialogActions>
    </form>
  );
}
