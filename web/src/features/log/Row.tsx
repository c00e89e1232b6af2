import type { MouseEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "../../ChatContext";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { useShowProfile } from "../profile/ProfileContext";
import { fullTimeOf, shortTimeOf, timeOf } from "./format";
import styles from "./MessageRow.module.css";

/** As much of a text is in the name that a screen reader says when one moves to the row. */
const longestLabel = 300;

interface RowProps {
  author: string;
  at: number;
  /** First of a group: with face, name and time. The others show their time when pointed at. */
  first: boolean;
  /** What a screen reader says of the row, after who and when. */
  says: string;
  index?: number;
  look?: string | undefined;
  children: ReactNode;
}

export function Row({ author, at, first, says, index, look, children }: RowProps) {
  const person = useChatState((state) => state.people[author]) ?? { identity: author, name: author };
  const { name } = person;
  const { t } = useTranslation();
  const show = useShowProfile();
  const showProfile = (event: MouseEvent<HTMLElement>) => show(author, event.currentTarget);
  const time = (className: string | undefined, text: string) => (
    <time className={className} dateTime={new Date(at).toISOString()} title={fullTimeOf(at)}>
      {text}
    </time>
  );
  return (
    <li data-row data-index={index}>
      <article
        className={cx(styles.row, first && styles.first, look)}
        aria-label={`${name}, ${timeOf(at)}, ${says.slice(0, longestLabel)}`}
        tabIndex={-1}
      >
        {first ? (
          // No tab stop, nor is the name, of which there would be a hundred: by keyboard the row's menu leads there.
          <button
            type="button"
            className={styles.face}
            tabIndex={-1}
            aria-label={t("profile.showOf", { name })}
            aria-haspopup="dialog"
            onClick={showProfile}
          >
            <Avatar person={person} />
          </button>
        ) : (
          time(styles.gutter, shortTimeOf(at))
        )}
        <div className={styles.body}>
          {first ? (
            <div className={styles.by}>
              <button
                type="button"
                className={styles.author}
                tabIndex={-1}
                aria-haspopup="dialog"
                onClick={showProfile}
              >
                <bdi>{name}</bdi>
              </button>
              {time(styles.time, timeOf(at))}
            </div>
          ) : (
            <span className="sr">{name}</span>
          )}
          {children}
        </div>
      </article>
    </li>
  );
}
