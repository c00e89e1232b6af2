import { AtSign, Reply } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Quote, Room } from "../../chat/model";
import { IconButton } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { usePerson } from "../../usePerson";
import { Bar } from "./Bar";
import styles from "./Bar.module.css";

/** What the message answers to, and whether its author is told. */
export function ReplyBar({ room: { sid }, quote }: { room: Room; quote: Quote }) {
  const { t } = useTranslation();
  const chat = useChatActions();
  const { name } = usePerson(quote.author);
  const silent = useChatState((state) => state.enclosures[sid]?.silent ?? false);
  const here = useChatState(
    ({ me, members }) =>
      me?.identity !== quote.author && members[sid]?.some(({ identity }) => identity === quote.author),
  );
  const [before = "", after = ""] = t("input.replyingTo", { name: "\n" }).split("\n");
  return (
    <Bar icon={Reply} mirror closes={t("input.cancelReply")} onClose={() => chat.setQuote(sid, null)}>
      <span className="truncate">
        {before}
        <b>
          <bdi>{name}</bdi>
        </b>
        {after}&ensp;<bdi>{quote.text || t("input.quoteNoText")}</bdi>
      </span>
      {here && (
        <IconButton
          label={t("input.tell", { name })}
          className={styles.tell}
          aria-pressed={!silent}
          onClick={() => chat.setSilent(sid, !silent)}
        >
          <Icon of={AtSign} size={16} />
        </IconButton>
      )}
    </Bar>
  );
}
