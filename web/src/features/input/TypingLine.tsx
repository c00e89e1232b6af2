import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import styles from "./ChatInput.module.css";

const none: string[] = [];

/** Who types. The line keeps its height, so that nothing moves. */
export function TypingLine({ sid }: { sid: string }) {
  const { t } = useTranslation();
  const typers = useChatState((state) => state.typing[sid] ?? none);
  const people = useChatState((state) => state.people);
  const names = typers.map((identity) => people[identity]?.name ?? identity);
  const sentence = t(
    names.length > 2 ? "input.typingMany" : names.length === 2 ? "input.typingTwo" : "input.typingOne",
    {
      a: "{0}",
      b: "{1}",
    },
  );
  return (
    <div className={styles.typing} data-testid="typing">
      {names.length > 0 && (
        <>
          <span className={styles.dots} aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span className="truncate">
            {sentence.split(/(\{\d\})/).map((part) => {
              const name = names[Number(part.match(/^\{(\d)\}$/)?.[1] ?? -1)];
              return name === undefined ? part : <b key={part}>{name}</b>;
            })}
          </span>
        </>
      )}
    </div>
  );
}
