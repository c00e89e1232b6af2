import { useQuery } from "@tanstack/react-query";
import { Pin as PinIcon, PinOff } from "lucide-react";
import { useState } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Pin, Room } from "../../chat/model";
import { permalink } from "../../route";
import { IconButton } from "../../ui/Button";
import floating from "../../ui/Floating.module.css";
import { Icon } from "../../ui/Icon";
import { refusal } from "../../ui/refusal";
import { Skeleton } from "../../ui/Skeleton";
import { toast } from "../../ui/Toast";
import { usePerson } from "../../usePerson";
import { timeSince } from "../log/format";
import { useRights } from "../members/useMembers";
import { plainOf } from "../text/plain";
import styles from "./Pins.module.css";

/** The messages that are pinned to a room, behind a button in its header; nothing where there are none. */
export function Pins({ room }: { room: Room }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const rights = useRights(room);
  const title = t("pins.title", { count: room.pins.length });
  if (room.pins.length === 0) return null;
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <Button className={styles.button} aria-label={title}>
        <Icon of={PinIcon} />
        {room.pins.length}
      </Button>
      <Popover className={floating.popover as string} placement="bottom end">
        <Dialog className={styles.list as string} aria-label={title}>
          <h2>{title}</h2>
          <ul>
            {room.pins.map((pin) => (
              <Pinned
                key={pin.sid}
                room={room}
                pin={pin}
                mayUnpin={rights.write && !room.archived}
                onGo={() => setOpen(false)}
              />
            ))}
          </ul>
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}

interface PinnedProps {
  room: Room;
  pin: Pin;
  mayUnpin: boolean;
  onGo: () => void;
}

function Pinned({ room: { sid }, pin, mayUnpin, onGo }: PinnedProps) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const [, navigate] = useLocation();
  const known = useChatState((state) => state.logs[sid]?.messages.find((message) => message.sid === pin.sid));
  const { data, isPending, isError } = useQuery({
    queryKey: ["message", sid, pin.sid],
    enabled: !known,
    queryFn: () => chat.messageAt(sid, pin.index),
  });
  const message = known ?? data;
  const by = usePerson(pin.by);
  const author = usePerson(message?.author ?? "");

  function go() {
    onGo();
    navigate(permalink(sid, pin.index));
    chat.jump(sid, pin.index); // the address may be this one already
  }
  const unpin = () => chat.pin(sid, pin.sid, false).catch((error) => toast(refusal(error)));
  if (!message && isPending) return <Skeleton rows={1} />;
  return (
    <li className={styles.pin}>
      <button type="button" className={styles.go} onClick={go}>
        {message && (
          <span className={styles.by}>
            <bdi>{author.name}</bdi> <time>{timeSince(message.sentAt)}</time>
          </span>
        )}
        <span className={styles.text} dir="auto">
          {message
            ? plainOf(message.body) || message.files.map(({ name }) => name).join(", ")
            : t(isError ? "pins.failed" : "pins.gone")}
        </span>
        <small>{t("pins.by", { name: by.name })}</small>
      </button>
      {mayUnpin && (
        <IconButton label={t("log.unpin")} onClick={unpin}>
          <Icon of={PinOff} size={16} />
        </IconButton>
      )}
    </li>
  );
}
