import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatActions } from "../../ChatContext";
import { ApiError } from "../../chat/api";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { TextField } from "../../ui/TextField";
import { Saved } from "./Profile";
import styles from "./Settings.module.css";

const longest = 1024;

/** Takes another password; every other browser is signed out. */
export function Password() {
  const { t } = useTranslation();
  const chat = useChatActions();
  const [current, setCurrent] = useState("");
  const [wanted, setWanted] = useState("");
  const change = useMutation({
    mutationFn: () => chat.changePassword(current, wanted),
    onSuccess: () => {
      setCurrent("");
      setWanted("");
    },
  });
  const about = (code: string) =>
    change.error instanceof ApiError && change.error.code === code ? refusal(change.error) : null;
  const [wrong, weak] = [about("wrong_password"), about("weak_password")];
  const typing = (set: (value: string) => void) => (value: string) => {
    change.reset();
    set(value);
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (current && wanted && !change.isPending) change.mutate();
      }}
    >
      <p>{t("settings.password.text")}</p>
      <TextField
        label={t("settings.password.current")}
        type="password"
        autoComplete="current-password"
        value={current}
        onChange={typing(setCurrent)}
        maxLength={longest}
        error={wrong}
      />
      <TextField
        label={t("settings.password.new")}
        type="password"
        autoComplete="new-password"
        value={wanted}
        onChange={typing(setWanted)}
        maxLength={longest}
        error={weak}
        description={t("settings.password.hint")}
      />
      {change.error && !wrong && !weak && <Notice>{refusal(change.error)}</Notice>}
      <div className={styles.buttons}>
        <Button type="submit" look="primary" disabled={!current || !wanted || change.isPending}>
          {t(change.isPending ? "settings.saving" : "settings.password.change")}
        </Button>
        {change.isSuccess && <Saved>{t("settings.password.done")}</Saved>}
      </div>
    </form>
  );
}
