import { CircleAlert, Eye, EyeOff } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChat, useChatActions, useChatState } from "../../ChatContext";
import { ApiError } from "../../chat/api";
import { prefetchHouse } from "../../prefetch";
import { Button, IconButton } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Logo } from "../../ui/Logo";
import { ThemeToggle } from "../../ui/theme";
import { LoginArt } from "./LoginArt";
import styles from "./LoginForm.module.css";
import { type InvitationState, useInvitation } from "./useInvitation";

type FieldName = "name" | "username" | "password";
interface Problem {
  /** The field it is about; null for the whole form. */
  field: FieldName | null;
  text: string;
}

/** The field that each of the server's refusals is about. */
const fieldOf: Record<string, FieldName> = {
  username_missing: "username",
  bad_username: "username",
  username_taken: "username",
  bad_credentials: "password",
  weak_password: "password",
};

export function LoginForm() {
  const { t } = useTranslation();
  const setup = useChatState((state) => state.setup);
  const ended = useChatState((state) => state.sessionEnded);
  const invitation = useInvitation();
  const [chosen, setCreating] = useState<boolean | null>(null);
  const [location, navigate] = useLocation();
  const asking = invitation.state === "asking";
  const open = setup.auth === "open";
  const invited = invitation.state === "works";
  const mayCreate = !open && (setup.signup === "open" || (invited && setup.signup === "invite"));
  const creating = mayCreate && (chosen ?? invited);

  useEffect(() => {
    document.title = `${t("login.signIn")} – Roomful`;
    if (location === "/") navigate("/login", { replace: true });
  }, [t, location, navigate]);

  return (
    <div className={styles.login}>
      <div className={styles.side}>
        <header className={styles.brand}>
          <span className={styles.logo}>
            <Logo size={26} />
          </span>
          {t("app")}
          <ThemeToggle className={styles.toggle} />
        </header>
        {/* What the form asks for hangs on the answer, so nobody is to begin typing before it. */}
        <main className={styles.box} aria-busy={asking} hidden={asking}>
          <Welcome
            invitation={invitation}
            kind={open ? "open" : creating ? "create" : "password"}
            mayCreate={mayCreate}
          />
          {ended && (
            <p className={styles.note} role="status">
              {t("login.ended")}
            </p>
          )}
          <Fields
            key={`${creating} ${asking}`}
            kind={open ? "open" : creating ? "create" : "password"}
            invite={invited ? invitation.code : null}
          />
          {mayCreate && (
            <p>
              {t(creating ? "login.haveOne" : "login.newHere")}{" "}
              <Button look="link" onClick={() => setCreating(!creating)}>
                {t(creating ? "login.signInLink" : "login.createLink")}
              </Button>
            </p>
          )}
        </main>
        <footer className={styles.foot}>{t("login.foot")}</footer>
      </div>
      <div className={styles.art}>
        <LoginArt className={styles.picture} />
      </div>
    </div>
  );
}

/** `open` asks for a name only, as the tutorial does. */
type Kind = "open" | "password" | "create";

/** What the page is for: to come in, to make an account, or to follow an invitation. */
function Welcome({ invitation, kind, mayCreate }: { invitation: InvitationState; kind: Kind; mayCreate: boolean }) {
  const { t } = useTranslation();
  if (invitation.state === "works") {
    const { room, by } = invitation.invitation;
    const words = room ? (by ? "invitedBy" : "invitedTo") : by ? "invitedChatBy" : "invitedChat";
    return (
      <div>
        <h1>{t(`login.${words}`, { by, room: room?.name })}</h1>
        <p className={styles.lead}>{t(mayCreate ? "login.leadInvited" : "login.leadInvitedClosed")}</p>
      </div>
    );
  }
  const creating = kind === "create";
  return (
    <>
      <div>
        <h1>{t(creating ? "login.titleCreate" : "login.title")}</h1>
        <p className={styles.lead}>
          {t(creating ? "login.leadCreate" : kind === "open" ? "login.leadOpen" : "login.lead")}
        </p>
      </div>
      {invitation.state === "dead" && (
        <p className={styles.alert} role="alert">
          {t("login.deadInvite")}. {t("login.deadInviteText")}
        </p>
      )}
    </>
  );
}

function Fields({ kind, invite }: { kind: Kind; invite: string | null }) {
  const { t } = useTranslation();
  const { login } = useChat();
  const [location, navigate] = useLocation();
  const chat = useChatActions();
  const known = useChatState((state) => (state.sessionEnded && kind === "password" ? state.me?.identity : null));
  const [values, setValues] = useState({ name: "", username: known ?? "", password: "" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  /** The invitation stopped working meanwhile: who tries again does without it. */
  const [refused, setRefused] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    if (problem?.field) form.current?.querySelector<HTMLInputElement>(`[name=${problem.field}]`)?.focus();
  }, [problem]);

  function missing(): Problem | null {
    const text = t(kind === "open" ? "login.needName" : "login.needUsername");
    if (!values.username.trim()) return { field: "username", text };
    if (kind !== "open" && !values.password) return { field: "password", text: t("login.needPassword") };
    return null;
  }

  function explain(error: unknown): Problem {
    if (!(error instanceof ApiError)) return { field: null, text: t("login.failed") };
    if (error.code === "network" || error.status === 502) return { field: null, text: t("login.network") };
    if (error.retryAfter) return { field: null, text: t("login.throttled", { count: Math.ceil(error.retryAfter) }) };
    const field = kind === "open" ? "username" : fieldOf[error.code];
    return { field: field ?? null, text: error.message || t("login.failed") };
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    const gap = missing();
    setProblem(gap);
    if (gap || busy) return;
    setBusy(true);
    try {
      const { name, username, password } = values;
      // Whoever signs in here follows the invitation by that.
      if (invite) navigate(location, { replace: true, state: { accepts: invite } });
      if (kind === "create") await create(username.trim(), password, name.trim());
      else await login(username.trim(), kind === "open" ? undefined : password);
    } catch (error) {
      setProblem(explain(error));
      if (error instanceof ApiError && error.code === "no_invite") setRefused(true);
      setBusy(false);
    }
  }

  /** Leads to the room of the invitation; where that could not be entered, its page says why. */
  async function create(username: string, password: string, name: string) {
    const room = await chat.signUp(username, password, name, refused || invite === null ? undefined : invite);
    if (room) navigate(`/r/${room}`, { replace: true });
  }

  const field = (name: FieldName) => ({
    name,
    value: values[name],
    problem: problem?.field === name ? problem.text : undefined,
    onChange: (value: string) => {
      prefetchHouse();
      setValues((before) => ({ ...before, [name]: value }));
    },
  });
  const labels = {
    open: ["login.enter", "login.signingIn"],
    password: ["login.signIn", "login.signingIn"],
    create: ["login.create", "login.creating"],
  } as const;

  return (
    <form ref={form} onSubmit={submit} noValidate>
      {problem && problem.field === null && (
        <p className={styles.alert} role="alert">
          {problem.text}
        </p>
      )}
      {kind === "create" && (
        <Field {...field("name")} label={t("login.name")} hint={t("login.nameHint")} autoComplete="name" first />
      )}
      <Field
        {...field("username")}
        label={t(kind === "open" ? "login.name" : "login.username")}
        hint={kind === "create" ? t("login.usernameHint") : undefined}
        autoComplete="username"
        first={kind !== "create" && !known}
      />
      {kind !== "open" && (
        <Field
          {...field("password")}
          label={t("login.password")}
          autoComplete={kind === "create" ? "new-password" : "current-password"}
          secret
          first={Boolean(known)}
        />
      )}
      <Button type="submit" look="primary" wide aria-disabled={busy}>
        {t(labels[kind][busy ? 1 : 0])}
      </Button>
    </form>
  );
}

interface FieldProps {
  name: FieldName;
  label: string;
  value: string;
  problem?: string | undefined;
  hint?: string | undefined;
  autoComplete: string;
  secret?: boolean;
  first?: boolean;
  onChange: (value: string) => void;
}

function Field({
  name,
  label,
  value,
  problem,
  hint,
  autoComplete,
  secret = false,
  first = false,
  onChange,
}: FieldProps) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (first) input.current?.focus();
  }, [first]);
  const note = problem ?? hint;
  return (
    <div className={styles.field}>
      <label htmlFor={name}>{label}</label>
      <div className={styles.wrap}>
        <input
          ref={input}
          id={name}
          name={name}
          className={styles.input}
          type={secret && !shown ? "password" : "text"}
          autoComplete={autoComplete}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={secret ? 1024 : 128}
          value={value}
          aria-invalid={problem ? true : undefined}
          aria-describedby={note ? `${name}-note` : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
        {secret && (
          <IconButton label={t(shown ? "login.hidePassword" : "login.showPassword")} onClick={() => setShown(!shown)}>
            <Icon of={shown ? EyeOff : Eye} />
          </IconButton>
        )}
      </div>
      {problem ? (
        <p id={`${name}-note`} className={styles.error} role="alert">
          <Icon of={CircleAlert} size={16} />
          {problem}
        </p>
      ) : (
        hint && <small id={`${name}-note`}>{hint}</small>
      )}
    </div>
  );
}
