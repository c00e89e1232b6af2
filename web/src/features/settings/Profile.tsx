import { useMutation } from "@tanstack/react-query";
import { Camera } from "lucide-react";
import { type ChangeEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatActions, useChatState } from "../../ChatContext";
import { type Profile as Person, peopleApi } from "../../chat/peopleApi";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Notice } from "../../ui/Notice";
import { refusal } from "../../ui/refusal";
import { TextField } from "../../ui/TextField";
import { usePerson } from "../../usePerson";
import styles from "./Settings.module.css";

const largestPicture = 5_000_000;
const pictures = "image/png,image/jpeg,image/webp,image/gif";
const longestName = 64;

/** How one is seen: picture and name. */
export function Profile() {
  const me = useChatState((state) => state.me?.identity) ?? "";
  return (
    <>
      <Photo me={me} />
      <Name key={me} me={me} />
    </>
  );
}

/** The chat application's answer is shown at once; the SDK tells the other pages. */
function useLearn() {
  const chat = useChatActions();
  return (person: Person) => chat.learn([person]);
}

function Photo({ me }: { me: string }) {
  const { t } = useTranslation();
  const person = usePerson(me);
  const learn = useLearn();
  const input = useRef<HTMLInputElement>(null);
  const [tooLarge, setTooLarge] = useState(false);
  const change = useMutation({
    mutationFn: (file: Blob | null) => (file ? peopleApi.setAvatar(file) : peopleApi.removeAvatar()),
    onSuccess: learn,
  });

  function choose(event: ChangeEvent<HTMLInputElement>) {
    const file = event.target.files?.[0];
    event.target.value = ""; // the same file may be chosen again
    change.reset();
    setTooLarge(Boolean(file && file.size > largestPicture));
    if (file && file.size <= largestPicture) change.mutate(file);
  }
  return (
    <section className={styles.photo}>
      <Avatar person={person} size="xl" />
      <div>
        <h3>{t("settings.profile.photo")}</h3>
        <p>{t("settings.profile.photoHint")}</p>
        <div className={styles.buttons}>
          <Button size="sm" disabled={change.isPending} onClick={() => input.current?.click()}>
            <Icon of={Camera} size={16} />
            {t(change.isPending ? "settings.saving" : "settings.profile.choose")}
          </Button>
          {person.avatar && (
            <Button size="sm" look="quiet" disabled={change.isPending} onClick={() => change.mutate(null)}>
              {t("settings.profile.removePhoto")}
            </Button>
          )}
          {change.isSuccess && <Saved />}
        </div>
        <input
          ref={input}
          type="file"
          accept={pictures}
          aria-label={t("settings.profile.photo")}
          hidden
          onChange={choose}
        />
        {tooLarge && <Notice>{t("settings.profile.tooLarge")}</Notice>}
        {change.error && <Notice>{refusal(change.error)}</Notice>}
      </div>
    </section>
  );
}

function Name({ me }: { me: string }) {
  const { t } = useTranslation();
  const person = usePerson(me);
  const learn = useLearn();
  const [typed, setTyped] = useState<string | null>(null);
  const name = typed ?? person.name;
  const save = useMutation({
    mutationFn: () => peopleApi.rename(name.trim()),
    onSuccess: (saved) => {
      learn(saved);
      setTyped(null);
    },
  });
  const changed = name.trim() !== person.name && name.trim() !== "";
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (changed && !save.isPending) save.mutate();
      }}
    >
      <div className={styles.two}>
        <TextField
          label={t("settings.profile.name")}
          value={name}
          onChange={(value) => {
            save.reset();
            setTyped(value);
          }}
          maxLength={longestName}
          autoComplete="name"
          error={save.error ? refusal(save.error) : null}
          description={t("login.nameHint")}
        />
        <TextField
          label={t("login.username")}
          value={me}
          onChange={() => {}}
          disabled
          description={t("settings.profile.usernameHint")}
        />
      </div>
      <div className={styles.buttons}>
        <Button type="submit" look="primary" disabled={!changed || save.isPending}>
          {t(save.isPending ? "settings.saving" : "save")}
        </Button>
        {save.isSuccess && <Saved />}
      </div>
    </form>
  );
}

/** Said in its place. */
export function Saved({ children }: { children?: string }) {
  const { t } = useTranslation();
  return (
    <span className={styles.saved} role="status">
      {children ?? t("settings.saved")}
    </span>
  );
}
