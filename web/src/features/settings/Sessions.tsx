import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { accountApi, type BrowserSession } from "../../chat/accountApi";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { Skeleton } from "../../ui/Skeleton";
import { browserOf } from "./browser";
import styles from "./Settings.module.css";

const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const key = ["sessions"];

/** Where one is signed in, and how to end that. */
export function Sessions() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const found = useQuery({ queryKey: key, queryFn: accountApi.sessions });
  const endOthers = useMutation({
    mutationFn: accountApi.endOtherSessions,
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  if (found.isPending) return <Skeleton rows={3} dots={false} />;
  if (found.error) return <Notice onRetry={() => found.refetch()}>{refusal(found.error)}</Notice>;
  const others = found.data.filter((session) => !session.current);
  return (
    <>
      <p>{t("settings.sessions.text")}</p>
      <ul className={styles.list}>
        {[...found.data.filter((session) => session.current), ...others].map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
      {endOthers.error && <Notice>{refusal(endOthers.error)}</Notice>}
      {others.length > 0 && (
        <div className={styles.buttons}>
          <Button disabled={endOthers.isPending} onClick={() => endOthers.mutate()}>
            {t("settings.sessions.endOthers")}
          </Button>
        </div>
      )}
    </>
  );
}

function SessionRow({ session }: { session: BrowserSession }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => accountApi.endSession(session.id),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  const { browser, system } = browserOf(session.browser);
  const name = browser ?? t("settings.sessions.unknown");
  const words = system ? t("settings.sessions.on", { browser: name, system }) : name;
  return (
    <li className={styles.setting}>
      <div>
        <b>{words}</b>
        <p>
          {session.current
            ? t("settings.sessions.current")
            : t("settings.sessions.seen", { date: date.format(session.seen_at) })}
        </p>
        {end.error && <Notice>{refusal(end.error)}</Notice>}
      </div>
      {!session.current && (
        <Button
          size="sm"
          disabled={end.isPending}
          aria-label={t("settings.sessions.endOf", { words })}
          onClick={() => end.mutate()}
        >
          {t("settings.sessions.end")}
        </Button>
      )}
    </li>
  );
}
