import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import { api } from "../../chat/api";
import { roomsApi } from "../../chat/roomsApi";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { Skeleton } from "../../ui/Skeleton";
import { TextField } from "../../ui/TextField";
import { InviteRow } from "../room/InviteByLink";
import styles from "./Settings.module.css";

const days = 7;
const uses = 10;

/** One's invitations that still work; administrators make some to the chat as a whole. */
export function Invitations() {
  const { t } = useTranslation();
  const rooms = useChatState((state) => state.rooms);
  const session = useQuery({ queryKey: ["session"], queryFn: api.session });
  const found = useQuery({ queryKey: ["invites"], queryFn: roomsApi.invites });
  if (found.isPending) return <Skeleton rows={3} dots={false} />;
  if (found.error) return <Notice onRetry={() => found.refetch()}>{refusal(found.error)}</Notice>;
  const what = (sid: string | null) =>
    sid ? (rooms[sid]?.name ?? t("settings.invitations.otherRoom")) : t("settings.invitations.toChat");
  return (
    <>
      <p>{t("settings.invitations.text")}</p>
      {session.data?.user?.admin && <NewInvite />}
      {found.data.length === 0 ? (
        <p>{t("settings.invitations.none")}</p>
      ) : (
        <ul className={styles.list}>
          {found.data.map((invite) => (
            <InviteRow key={invite.id} invite={invite} what={what(invite.room)} />
          ))}
        </ul>
      )}
    </>
  );
}

function NewInvite() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [copied, setCopied] = useState(false);
  const make = useMutation({
    mutationFn: () => roomsApi.invite(null, days, uses),
    onSuccess: () => {
      setCopied(false);
      queries.invalidateQueries({ queryKey: ["invites"] });
    },
  });
  const copy = (url: string) => navigator.clipboard.writeText(url).then(() => setCopied(true));
  return (
    <section className={styles.form}>
      {make.data && (
        <TextField label={t("invite.link")} value={make.data.url} onChange={() => {}} description={t("invite.once")} />
      )}
      {make.error && <Notice>{refusal(make.error)}</Notice>}
      <div className={styles.buttons}>
        {make.data && (
          <Button look="primary" onClick={() => copy(make.data.url)}>
            <Icon of={Copy} size={16} />
            {t(copied ? "copied" : "invite.copy")}
          </Button>
        )}
        <Button disabled={make.isPending} onClick={() => make.mutate()}>
          {t(make.data ? "invite.another" : "settings.invitations.make", { days, count: uses })}
        </Button>
      </div>
    </section>
  );
}
