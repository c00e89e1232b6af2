import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../chat/model";
import { type Invite, roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { Segments } from "../../ui/Segments";
import { TextField } from "../../ui/TextField";
import styles from "./InviteByLink.module.css";

const days = ["1", "7", "30"] as const;
const uses = ["1", "10", "100"] as const;

/** Makes a link that lets people into a room. */
export function InviteByLink({ room, isOpen, onClose }: { room: Room; isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("invite.title", { room: room.name })} isOpen={isOpen} onClose={onClose}>
      <Link room={room} />
      <Working room={room} />
    </Dialog>
  );
}

function Link({ room }: { room: Room }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [lives, setLives] = useState<(typeof days)[number]>("7");
  const [serves, setServes] = useState<(typeof uses)[number]>("10");
  const [copied, setCopied] = useState(false);
  const make = useMutation({
    mutationFn: () => roomsApi.invite(room.sid, Number(lives), Number(serves)),
    onSuccess: () => {
      setCopied(false);
      queries.invalidateQueries({ queryKey: ["invites"] });
    },
  });
  const copy = (url: string) => navigator.clipboard.writeText(url).then(() => setCopied(true));
  return (
    <>
      <p>{t(room.isPrivate ? "invite.textPrivate" : "invite.text")}</p>
      <div className={styles.choice}>
        <span>{t("invite.lives")}</span>
        <Segments
          label={t("invite.lives")}
          value={lives}
          onChange={setLives}
          options={days.map((number) => [number, t("invite.days", { count: Number(number) })] as const)}
        />
      </div>
      <div className={styles.choice}>
        <span>{t("invite.serves")}</span>
        <Segments
          label={t("invite.serves")}
          value={serves}
          onChange={setServes}
          options={uses.map((number) => [number, t("invite.people", { count: Number(number) })] as const)}
        />
      </div>
      {make.error && <Notice>{refusal(make.error)}</Notice>}
      {make.data && (
        <div className={styles.made}>
          <TextField
            label={t("invite.link")}
            value={make.data.url}
            onChange={() => {}}
            description={t("invite.once")}
          />
          <Button look="primary" onClick={() => copy(make.data.url)}>
            <Icon of={Copy} size={16} />
            {t(copied ? "copied" : "invite.copy")}
          </Button>
        </div>
      )}
      <DialogActions>
        <Button look={make.data ? "plain" : "primary"} disabled={make.isPending} onClick={() => make.mutate()}>
          {t(make.data ? "invite.another" : "invite.make")}
        </Button>
      </DialogActions>
    </>
  );
}

/** One's invitations to the room that still work. */
function Working({ room }: { room: Room }) {
  const { t } = useTranslation();
  const found = useQuery({ queryKey: ["invites"], queryFn: roomsApi.invites });
  const invites = (found.data ?? []).filter((invite) => invite.room === room.sid);
  if (found.error) return <Notice onRetry={() => found.refetch()}>{refusal(found.error)}</Notice>;
  if (invites.length === 0) return null;
  return (
    <section className={styles.working}>
      <h3>{t("invite.working")}</h3>
      <ul>
        {invites.map((invite) => (
          <InviteRow key={invite.id} invite={invite} />
        ))}
      </ul>
    </section>
  );
}

export function InviteRow({ invite, what }: { invite: Invite; what?: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => roomsApi.revokeInvite(invite.id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["invites"] }),
  });
  const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(invite.expires_at);
  return (
    <li className={styles.row}>
      <span>
        {what && <b>{what}</b>}
        {t("invite.left", { count: invite.uses_left, date })}
        {revoke.error && <Notice>{refusal(revoke.error)}</Notice>}
      </span>
      <Button look="link" disabled={revoke.isPending} onClick={() => revoke.mutate()}>
        {t("invite.revoke")}
      </Button>
    </li>
  );
}
