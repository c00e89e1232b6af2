import { CheckCircle2, CloudOff, LoaderCircle } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatActions, useChatState } from "../../ChatContext";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import styles from "./ConnectionBanner.module.css";

type Look = "none" | "wait" | "off" | "ok";

/** Quiet for the first 3 s without a connection, then "Connecting", after 10 s "offline"; 2 s "Back online" at the end. */
function useLook(): Look {
  const connected = useChatState((state) => state.connected);
  const since = useChatState((state) => state.disconnectedAt);
  const [look, setLook] = useState<Look>("none");
  useEffect(() => {
    if (connected) {
      setLook((before) => (before === "wait" || before === "off" ? "ok" : before));
      const timer = setTimeout(() => setLook("none"), 2000);
      return () => clearTimeout(timer);
    }
    const away = Date.now() - since;
    if (away >= 10_000) setLook("off");
    else setLook(away >= 3_000 ? "wait" : "none");
    const timers = [
      setTimeout(() => setLook("wait"), Math.max(0, 3_000 - away)),
      setTimeout(() => setLook("off"), Math.max(0, 10_000 - away)),
    ];
    return () => timers.forEach(clearTimeout);
  }, [connected, since]);
  return look;
}

export function ConnectionBanner() {
  const { t } = useTranslation();
  const chat = useChatActions();
  const look = useLook();
  return (
    <div role="status" className={cx(look !== "none" && styles.banner, styles[look])}>
      {look === "wait" && (
        <>
          <Icon of={LoaderCircle} />
          <p>{t("banner.connecting")}</p>
        </>
      )}
      {look === "off" && (
        <>
          <Icon of={CloudOff} />
          <p>{t("banner.offline")}</p>
          <Button look="link" className={styles.action} onClick={() => chat.tryNow()}>
            {t("banner.tryNow")}
          </Button>
        </>
      )}
      {look === "ok" && (
        <>
          <Icon of={CheckCircle2} />
          <p>{t("banner.back")}</p>
        </>
      )}
    </div>
  );
}
