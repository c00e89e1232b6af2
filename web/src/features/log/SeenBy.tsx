import { Check } from "lucide-react";
import { useMemo } from "react";
import { Button, Dialog, DialogTrigger, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { useChat, useChatState } from "../../ChatContext";
import { Avatar } from "../../ui/Avatar";
import floating from "../../ui/Floating.module.css";
import { Icon } from "../../ui/Icon";
import styles from "./MessageRow.module.css";
import popovers from "./Popovers.module.css";

/** In larger rooms it would say little, and change all the time. */
const mostPeople = 50;

/** Whose read horizon has reached this person's last message. */
export function SeenBy({ index }: { index: number }) {
  const { t } = useTranslation();
  const { user } = useChat();
  const members = useChatState((state) => (state.openSid ? state.members[state.openSid] : undefined));
  const people = useChatState((state) => state.people);
  const names = useMemo(() => {
    if (!members || members.length > mostPeople) return [];
    return members.flatMap(({ identity, readTo }) =>
      identity && identity !== user?.username && (readTo ?? -1) >= index
        ? [people[identity] ?? { identity, name: identity }]
        : [],
    );
  }, [members, people, index, user?.username]);
  const [a, b] = names;
  if (!a) return null;

  const first = { a: a.name, b: b?.name ?? "" };
  const sentence = t(names.length > 2 ? "log.seenMany" : b ? "log.seenTwo" : "log.seenOne", {
    ...first,
    count: names.length - 2,
  });
  return (
    <div className={styles.receipt} aria-live="off">
      <Icon of={Check} size={14} />
      <DialogTrigger>
        <Button className={styles.seen}>{sentence}</Button>
        <Popover className={floating.popover} placement="top start">
          <Dialog className={popovers.people} aria-label={t("log.seenTitle")}>
            <h3>{t("log.seenTitle")}</h3>
            <ul>
              {names.map((person) => (
                <li key={person.identity}>
                  <Avatar person={person} size="sm" />
                  <bdi className="truncate">{person.name}</bdi>
                </li>
              ))}
            </ul>
          </Dialog>
        </Popover>
      </DialogTrigger>
    </div>
  );
}
