import {
  Bell,
  ChevronLeft,
  CircleUser,
  KeyRound,
  Link as LinkIcon,
  type LucideIcon,
  MonitorSmartphone,
  Palette,
  PenLine,
  Trash2,
} from "lucide-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { Link, Redirect } from "wouter";
import { useChatState } from "../../ChatContext";
import { Icon } from "../../ui/Icon";
import { ConnectionBanner } from "../room/ConnectionBanner";
import { Account } from "./Account";
import { Appearance } from "./Appearance";
import { Invitations } from "./Invitations";
import { Notifications } from "./Notifications";
import { Password } from "./Password";
import { Profile } from "./Profile";
import { Sessions } from "./Sessions";
import styles from "./Settings.module.css";
import { Writing } from "./Writing";

const tabs = {
  profile: { icon: CircleUser, page: Profile },
  appearance: { icon: Palette, page: Appearance },
  notifications: { icon: Bell, page: Notifications },
  writing: { icon: PenLine, page: Writing },
  sessions: { icon: MonitorSmartphone, page: Sessions },
  password: { icon: KeyRound, page: Password },
  invitations: { icon: LinkIcon, page: Invitations },
  account: { icon: Trash2, page: Account },
} satisfies Record<string, { icon: LucideIcon; page: ComponentType }>;

type Tab = keyof typeof tabs;
const isTab = (name: string): name is Tab => Object.hasOwn(tabs, name);

/** On a phone the tabs are wider than the page. */
function showCurrent(nav: HTMLElement | null) {
  nav?.querySelector('[aria-current="page"]')?.scrollIntoView({ inline: "center", block: "nearest" });
}

/** One's own settings: `/settings/<tab>`. */
export default function Settings({ tab }: { tab: string }) {
  const { t } = useTranslation();
  const open = useChatState((state) => state.setup.auth === "open");
  if (!isTab(tab)) return <Redirect to="/settings/profile" replace />;
  const { page: Page } = tabs[tab];
  // Who came in by name alone has no password to change.
  const shown = (Object.keys(tabs) as Tab[]).filter((name) => name !== "password" || !open);
  return (
    <div className={styles.settings}>
      <nav ref={showCurrent} className={styles.nav} aria-label={t("settings.title")}>
        <Link href="/" className={styles.back} aria-label={t("room.back")}>
          <Icon of={ChevronLeft} mirror />
        </Link>
        <h1>{t("settings.title")}</h1>
        {shown.map((name) => (
          <Link key={name} href={`/settings/${name}`} aria-current={name === tab ? "page" : undefined}>
            <Icon of={tabs[name].icon} />
            {t(`settings.${name}.title`)}
          </Link>
        ))}
      </nav>
      <main className={styles.main}>
        <ConnectionBanner />
        <div className={styles.in}>
          <h2>{t(`settings.${tab}.title`)}</h2>
          <Page />
        </div>
      </main>
    </div>
  );
}
