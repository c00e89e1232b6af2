import { CircleAlert, Clock } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useChat, useChatActions, useChatState } from "../../ChatContext";
import type { Outgoing } from "../../chat/model";
import { Button } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { Icon } from "../../ui/Icon";
import { OutgoingFiles } from "../files/OutgoingFiles";
import styles from "./MessageRow.module.css";
import { QuoteStrip } from "./QuoteStrip";
import { Row } from "./Row";
import { Text } from "./Text";

/** A message on its way. It says so only when it takes long enough to be noticed. */
export function OutgoingRow({ sid, outgoing, first }: { sid: string; outgoing: Outgoing; first: boolean }) {
  const { user } = useChat();
  const failed = outgoing.status === "cutOff" || outgoing.status === "refused";
  return (
    <Row
      author={user?.username ?? ""}
      at={outgoing.createdAt}
      first={first}
      says={outgoing.text}
      look={failed ? styles.failed : styles.pending}
    >
      {outgoing.quote && <QuoteStrip sid={sid} quote={outgoing.quote} />}
      {outgoing.text && <Text text={outgoing.text} mentions={outgoing.mentions} />}
      <OutgoingFiles sid={sid} outgoing={outgoing} />
      {failed ? <NotSent sid={sid} outgoing={outgoing} /> : <OnItsWay outgoing={outgoing} />}
    </Row>
  );
}

function OnItsWay({ outgoing }: { outgoing: Outgoing }) {
  const { t } = useTranslation();
  const connected = useChatState((state) => state.connected);
  const waits = outgoing.status === "queued" && !connected;
  return (
    <div className={cx(styles.receipt, !waits && styles.later)}>
      <Icon of={Clock} size={14} />
      {t(waits ? "log.waiting" : "log.sending")}
    </div>
  );
}

function NotSent({ sid, outgoing }: { sid: string; outgoing: Outgoing }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const { cid, reason } = outgoing;

  return (
    <div className={styles.receipt} role="alert">
      <Icon of={CircleAlert} size={16} />
      <span>{reason ? t("log.refused", { reason }) : t("log.notSent")}</span>
      <Button look="link" onClick={() => chat.retry(sid, cid)}>
        {t("retry")}
      </Button>
      <Button look="link" onClick={() => chat.revise(sid, cid)}>
        {t("log.edit")}
      </Button>
      <Button look="link" onClick={() => chat.discard(sid, cid)}>
        {t("log.delete")}
      </Button>
    </div>
  );
}
