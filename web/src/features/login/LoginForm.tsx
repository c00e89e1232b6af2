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
  const [creating, setCreating] = useState(false);
  const [location, navigate] = useLocation();
  const open = setup.auth === "open";

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
        <main className={styles.box}>
          <div>
            <h1>{t(creating ? "login.titleCreate" : "login.title")}</h1>
            <p className={styles.lead}>{t(creating ? "login.leadCreate" : open ? "login.leadOpen" : "login.lead")}</p>
          </div>
          {ended && (
            <p className={styles.alert} role="status">
              {t("login.ended")}
            </p>
          )}
          <Fields key={String(creating)} kind={open ? "open" : creating ? "create" : "password"} />
          {!open && setup.signup === "open" && (
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
function Fields({ kind }: { kind: "open" | "password" | "create" }) {
  const { t } = useTranslation();
  const { login } = useChat();
  const chat = useChatActions();
  const known = useChatState((state) => (state.sessionEnded && kind === "password" ? state.me?.identity : null));
  const [values, setValues] = useState({ name: "", username: known ?? "", password: "" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
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
      if (kind === "create") await chat.signUp(username.trim(), password, name.trim());
      else await login(username.trim(), kind === "open" ? undefined : password);
    } catch (error) {
      setProblem(explain(error));
      setBusy(false);
    }
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
        first={kind !== "create"}
      />
      {kind !== "open" && (
        <Field
          {...field("password")}
          label={t("login.password")}
          autoComplete={kind === "create" ? "new-password" : "current-password"}
          secret
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
