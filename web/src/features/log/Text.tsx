import { useChat } from "../../ChatContext";
import { RichText } from "../text/RichText";
import styles from "./MessageRow.module.css";

/** What somebody wrote. */
export function Text({ text, mentions }: { text: string; mentions: readonly string[] }) {
  const { user } = useChat();
  return (
    <div className={styles.text}>
      <RichText text={text} mentions={mentions} me={user?.username ?? ""} />
    </div>
  );
}
