import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChatActions, useChatState } from "../../ChatContext";
import { peopleApi } from "../../chat/peopleApi";
import { Button } from "../../ui/Button";
import { Confirm } from "../../ui/Dialog";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { Skeleton } from "../../ui/Skeleton";
import { TextField } from "../../ui/TextField";
import styles from "./Settings.module.css";

const date = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });

/** Since when one is here, and the way to leave for good. */
export function Account() {
  const { t } = useTranslation();
  const chat = useChatActions();
  const [, navigate] = useLocation();
  const me = useChatState((state) => state.me?.identity) ?? "";
  const open = useChatState((state) => state.setup.auth === "open");
  const [asking, setAsking] = useState(false);
  const [password, setPassword] = useState("");
  const person = useQuery({ queryKey: ["person", me], queryFn: () => peopleApi.person(me) });
  async function remove() {
    await chat.deleteAccount(password);
    navigate("/login");
  }
  return (
    <>
      {person.isPending && <Skeleton rows={1} dots={false} />}
      {person.error && <Notice onRetry={() => person.refetch()}>{refusal(person.error)}</Notice>}
      {person.data && <p>{t("settings.account.since", { date: date.format(person.data.since), me })}</p>}
      <section className={styles.form}>
        <h3>{t("settings.account.delete")}</h3>
        <p>{t(open ? "settings.account.open" : "settings.account.deleteText")}</p>
        {!open && (
          <div className={styles.buttons}>
            <Button look="danger" onClick={() => setAsking(true)}>
              {t("settings.account.delete")}…
            </Button>
          </div>
        )}
      </section>
      <Confirm
        title={t("settings.account.deleteTitle")}
        isOpen={asking}
        onClose={() => {
          setAsking(false);
          setPassword("");
        }}
        onConfirm={remove}
        action={t("settings.account.deleteAction")}
        danger
      >
        <p>{t("settings.account.deleteText")}</p>
        <TextField
          label={t("settings.account.password")}
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
        />
      </Confirm>
    </>
  );
}
