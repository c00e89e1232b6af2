import { Reply } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Quote } from "../../chat/model";
import { permalink } from "../../route";
import { Icon } from "../../ui/Icon";
import { usePerson } from "../../usePerson";
import styles from "./QuoteStrip.module.css";

/** What a message answers to, in one line; pressed, it leads there. It says what was said then, also when that is gone. */
export function QuoteStrip({ sid, quote }: { sid: string; quote: Quote }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const chat = useChatActions();
  const { name } = usePerson(quote.author);
  const gone = useIsGone(sid, quote);

  function go() {
    navigate(permalink(sid, quote.index));
    chat.jump(sid, quote.index); // the address may be this one already
  }
  return (
    <button
      type="button"
      className={styles.quote}
      data-gone={gone || undefined}
      aria-label={t(gone ? "log.quoteGone" : "log.quote", { name, text: quote.text })}
      onClick={go}
    >
      <Icon of={Reply} size={14} />
      <b>
        <bdi>{name}</bdi>
      </b>
      <span className="truncate" dir="auto">
        {quote.text || t("log.quoteFile")}
      </span>
    </button>
  );
}

/** Known only of what is loaded around it. */
function useIsGone(sid: string, { sid: message, index }: Quote): boolean {
  return useChatState(({ hidden, logs }) => {
    if (hidden[message]) return true;
    const messages = logs[sid]?.messages ?? [];
    const [first, last] = [messages[0]?.index ?? index, messages.at(-1)?.index ?? index];
    return first < index && index < last && !messages.some((known) => known.sid === message);
  });
}
