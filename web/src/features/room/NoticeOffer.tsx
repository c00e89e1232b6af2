import { Bell } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import { standing, turnOn } from "../../popups";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import { recall, remember } from "../../ui/memory";
import styles from "./ConnectionBanner.module.css";

const answeredKey = "roomful:notify";

/** Offers notifications once something came that one would have been told of; whatever is answered, never again. */
export function NoticeOffer() {
  const { t } = useTranslation();
  const noticed = useChatState((state) => state.noticed);
  const [answered, setAnswered] = useState(() => recall(answeredKey) !== null);
  if (!noticed || answered || standing() !== "off") return null;
  async function answer(on: boolean) {
    if (on) await turnOn();
    else remember(answeredKey, "off");
    setAnswered(true);
  }
  return (
    <aside className={cx(styles.banner, styles.offer)} aria-label={t("settings.notifications.title")}>
      <Icon of={Bell} />
      <p>{t("notice.offer")}</p>
      <Button look="link" onClick={() => answer(true)}>
        {t("notice.turnOn")}
      </Button>
      <Button look="link" onClick={() => answer(false)}>
        {t("notice.notNow")}
      </Button>
    </aside>
  );
}
