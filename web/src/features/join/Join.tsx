import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Redirect, useLocation } from "wouter";
import { useHistoryState } from "wouter/use-browser-location";
import { useChatState } from "../../ChatContext";
import { accountApi } from "../../chat/accountApi";
import { ApiError } from "../../chat/api";
import { Button } from "../../ui/Button";
import { Empty } from "../../ui/Empty";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";

const isDead = (error: unknown) => error instanceof ApiError && error.status === 404;

/** An invitation, for who is signed in: `/join/<code>`. Who has just signed in on its page has accepted it by that. */
export default function Join({ code }: { code: string }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const me = useChatState((state) => state.me?.name) ?? "";
  const found = useQuery({ queryKey: ["invitation", code], queryFn: () => accountApi.invitation(code) });
  const accept = useMutation({
    mutationFn: () => accountApi.accept(code),
    onSuccess: ({ room }) => navigate(room ? `/r/${room}` : "/", { replace: true }),
  });
  const accepted = useHistoryState<{ accepts?: string } | null>()?.accepts === code;
  const { mutate } = accept;
  useEffect(() => {
    if (accepted) mutate();
  }, [accepted, mutate]);
  if (found.isPending || (accepted && (accept.isIdle || accept.isPending)))
    return <main className="fill" aria-busy="true" />;
  const home = <Button onClick={() => navigate("/")}>{t("backToRooms")}</Button>;
  if (isDead(found.error) || isDead(accept.error)) {
    return (
      <main className="fill">
        <Empty door="shut" title={t("login.deadInvite")} actions={home}>
          <p>{t("login.deadInviteText")}</p>
        </Empty>
      </main>
    );
  }
  if (found.error) {
    return (
      <main className="fill">
        <Empty door="shut" title={t("room.failed")} actions={home}>
          <Notice onRetry={() => found.refetch()}>{refusal(found.error)}</Notice>
        </Empty>
      </main>
    );
  }
  const { room, by } = found.data;
  if (!room) return <Redirect to="/" replace />; // to the chat as a whole, where the person is already
  const go = (
    <Button look="primary" disabled={accept.isPending} onClick={() => accept.mutate()}>
      {t(accept.isPending ? "join.accepting" : "join.accept")}
    </Button>
  );
  return (
    <main className="fill">
      <Empty
        door="lit"
        title={t(by ? "login.invitedBy" : "login.invitedTo", { by, room: room.name })}
        actions={
          <>
            {home}
            {go}
          </>
        }
      >
        <p>{t("join.text", { name: me })}</p>
        {accept.error && <Notice>{refusal(accept.error)}</Notice>}
      </Empty>
    </main>
  );
}
