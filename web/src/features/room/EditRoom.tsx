import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Room, roomName } from "../../chat/model";
import { roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { TextField } from "../../ui/TextField";
import { longestTopic } from "../rooms/CreateRoom";
import { isAboutName, RoomNameField } from "../rooms/RoomNameField";

/** Gives a room another name or topic. */
export function EditRoom({ room, isOpen, onClose }: { room: Room; isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("room.editTitle", { room: room.name })} isOpen={isOpen} onClose={onClose}>
      <Form room={room} onClose={onClose} />
    </Dialog>
  );
}

function Form({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation();
  const [before] = useState(room); // what others change meanwhile is not undone by what was not touched here
  const [name, setName] = useState(room.name);
  const [topic, setTopic] = useState(room.topic);
  const save = useMutation({
    mutationFn: () => {
      const wanted = before.name.startsWith("#") ? roomName(name) : name.trim();
      return roomsApi.edit(room.sid, {
        ...(wanted === before.name ? {} : { name: wanted }),
        ...(topic.trim() === before.topic ? {} : { topic: topic.trim() }),
      });
    },
    onSuccess: onClose,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() && !save.isPending) save.mutate();
      }}
    >
      <RoomNameField value={name} onChange={setName} error={save.error} onForget={save.reset} />
      <TextField label={t("rooms.topic")} value={topic} onChange={setTopic} maxLength={longestTopic} multiline />
      {save.error && !isAboutName(save.error) && <Notice>{refusal(save.error)}</Notice>}
      <DialogActions>
        <Button onClick={onClose}>{t("cancel")}</Button>
        <Button look="primary" type="submit" disabled={!name.trim() || save.isPending}>
          {t("save")}
        </Button>
      </DialogActions>
    </form>
  );
}
