import type { Person } from "../../chat/model";
import { begins } from "../../match";

export interface Shown extends Person {
  /** The participant's, for people without an identity as for all others. */
  sid: string;
  isMe: boolean;
  /** People outside the browser have no account. */
  hasAccount: boolean;
  moderator: boolean;
}

/** `all` where the service does not tell who is there; `rest` are those of a large room of whom it is not known. */
export type GroupKey = "all" | "here" | "away" | "rest";
export type Groups = [GroupKey, Shown[]][];

const collator = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
const byName = (a: Shown, b: Shown) =>
  Number(b.isMe) - Number(a.isMe) || collator.compare(a.name, b.name) || collator.compare(a.identity, b.identity);

function groupOf({ online }: Person): GroupKey {
  if (online === null) return "rest";
  return online ? "here" : "away";
}

/**
 * People in the groups in which they are listed, oneself first and the others by name. `held` is a former arrangement in
 * which nobody moves, as the pointer is over it: who left is missing, and who came is added at the end of their group.
 */
export function arrange(people: Shown[], held: Groups | null = null): Groups {
  const told = people.some(({ online }) => online !== null);
  const sorted = [...people].sort(byName);
  const now = new Map(people.map((person) => [person.sid, person]));
  const groups = new Map<GroupKey, Shown[]>();
  const put = (key: GroupKey, person: Shown) => {
    groups.set(key, [...(groups.get(key) ?? []), person]);
    now.delete(person.sid);
  };
  for (const [key, before] of held ?? []) {
    for (const { sid } of before) {
      const person = now.get(sid);
      if (person) put(key, person);
    }
  }
  for (const person of sorted) {
    if (now.has(person.sid)) put(told ? groupOf(person) : "all", person);
  }
  const order: GroupKey[] = ["all", "here", "away", "rest"];
  return order.flatMap((key) => (groups.has(key) ? [[key, groups.get(key) ?? []] satisfies Groups[number]] : []));
}

/** People whose username or a word of whose name begins so, accents or not. */
export const matching = (people: Shown[], typed: string): Shown[] =>
  people.filter(({ identity, name }) => begins(typed, identity, name));
