import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import styles from "./App.module.css";
import { useChatActions, useChatState } from "./ChatContext";
import { LoginForm } from "./features/login/LoginForm";
import { loadHouse } from "./prefetch";
import { Button } from "./ui/Button";
import { Empty } from "./ui/Empty";
import { ErrorBoundary } from "./ui/ErrorBoundary";
import { Logo } from "./ui/Logo";

/** Whoever is not signed in yet need not wait for it. */
const House = lazy(loadHouse);

export function App() {
  return (
    <ErrorBoundary fallback={<Crashed />}>
      <Phases />
    </ErrorBoundary>
  );
}

function Phases() {
  const phase = useChatState((state) => state.phase);
  const initError = useChatState((state) => state.initError);
  if (phase === "starting") return <Starting />;
  if (phase === "unreachable") return <Unreachable details={null} />;
  if (phase === "signedOut") return <LoginForm />;
  if (initError !== null) return <Unreachable details={initError} />;
  return (
    <Suspense fallback={<Starting />}>
      <House />
    </Suspense>
  );
}

function Starting() {
  const { t } = useTranslation();
  return (
    <main className={styles.starting} aria-busy="true" aria-label={t("loading")}>
      <Logo size={44} />
    </main>
  );
}

function FullPage({ children }: { children: ReactNode }) {
  return <main className={styles.full}>{children}</main>;
}

function Unreachable({ details }: { details: string | null }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const retry = () => (details === null ? chat.begin() : chat.tryNow());
  return (
    <FullPage>
      <Empty
        door="shut"
        title={t("fail.unreachable")}
        actions={
          <Button look="primary" onClick={retry}>
            {t("retry")}
          </Button>
        }
      >
        <p>{t("fail.unreachableText", { host: window.location.host })}</p>
        {details && (
          <details>
            <summary>{t("fail.details")}</summary>
            <pre>{details}</pre>
          </details>
        )}
      </Empty>
    </FullPage>
  );
}

function Crashed() {
  const { t } = useTranslation();
  return (
    <FullPage>
      <Empty
        door="shut"
        title={t("fail.crash")}
        actions={
          <Button look="primary" onClick={() => window.location.reload()}>
            {t("fail.reload")}
          </Button>
        }
      >
        <p>{t("fail.crashText")}</p>
      </Empty>
    </FullPage>
  );
}
