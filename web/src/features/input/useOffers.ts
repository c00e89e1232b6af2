import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useChatState } from "../../ChatContext";
import { everybody } from "../../chat/mentions";
import { bareName, type ChatMessage, type Person, type Room } from "../../chat/model";
import { arrange } from "../../chat/order";
import { peopleApi } from "../../chat/peopleApi";
import { begins } from "../../match";
import { usePaused } from "../../usePaused";
import { type FoundEmoji, searchEmoji } from "../emoji/search";
import { useMembers, useRights } from "../members/useMembers";
import type { Offer, Suggestion } from "./suggestion";

const most = 8;
/** Of people who are not in the room. */
const mostOthers = 5;
const byName = new Intl.Collator(undefined, { sensitivity: "base", numeric: true });
const noMessages: ChatMessage[] = [];
const nobody: Person[] = [];

const toPerson = (person: Person, outside: boolean): Suggestion => ({
  kind: "person",
  id: person.identity,
  insert: `@${person.identity} `,
  person,
  outside,
});

/** The people of the room, those who spoke last first; all of them at once; and then who could be added to it. */
export function usePeopleOffer(room: Room, typed: string): Offer {
  const members = useMembers(room);
  const messages = useChatState((state) => state.logs[room.sid]?.messages ?? noMessages);
  const outside = useOutside(room, typed);
  const suggestions = useMemo(() => {
    const spoke = new Map(messages.map(({ author, index }) => [author, index]));
    const inside = (members ?? [])
      .filter(({ isMe, hasAccount, identity, name }) => !isMe && hasAccount && begins(typed, identity, name))
      .sort((a, b) => (spoke.get(b.identity) ?? -1) - (spoke.get(a.identity) ?? -1) || byName.compare(a.name, b.name));
    const here = new Set(members?.map(({ identity }) => identity));
    const others = outside.filter(({ identity }) => members && !here.has(identity)).slice(0, mostOthers);
    const all: Suggestion[] =
      here.size > 2 && everybody.startsWith(`@${typed.toLowerCase()}`)
        ? [{ kind: "everybody", id: everybody, insert: `${everybody} `, count: here.size }]
        : [];
    const people = inside.slice(0, most).map((person) => toPerson(person, false));
    return [...people, ...all, ...others.map((person) => toPerson(person, true))];
  }, [members, messages, outside, typed]);
  return { suggestions, stale: false };
}

/** Who is not in the room, as far as this person may add people to it. What was found before is sifted, not waited for. */
function useOutside(room: Room, typed: string): Person[] {
  const { add } = useRights(room);
  const asked = usePaused(typed);
  const { data } = useQuery({
    queryKey: ["people", asked],
    enabled: add && asked !== "",
    placeholderData: (before) => before,
    queryFn: () => peopleApi.find(asked),
  });
  return useMemo(
    () =>
      add && typed && data
        ? data
            .filter(({ identity, name }) => begins(typed, identity, name))
            .map((found) => ({ ...found, online: null }))
        : nobody,
    [add, typed, data],
  );
}

export function useRoomsOffer(typed: string): Offer {
  const rooms = useChatState((state) => state.rooms);
  const suggestions = useMemo(
    () =>
      arrange(Object.values(rooms), {})
        .rooms.filter(({ name }) => begins(typed, bareName(name)))
        .slice(0, most)
        .map((room): Suggestion => ({ kind: "room", id: room.sid, insert: `${room.name} `, room })),
    [rooms, typed],
  );
  return { suggestions, stale: false };
}

const none: Offer & { typed: string } = { suggestions: [], stale: false, typed: "" };

/** Emoji by their short codes; without their list, which may not be to be had offline, there are none. */
export function useEmojiOffer(typed: string): Offer {
  const [found, setFound] = useState(none);
  useEffect(() => {
    let isPast = false;
    const take = (all: FoundEmoji[]) => {
      const suggestions = all.map(({ emoji, shortcode }): Suggestion => {
        return { kind: "emoji", id: emoji, insert: `${emoji} `, emoji, shortcode };
      });
      if (!isPast) setFound({ suggestions, stale: false, typed });
    };
    searchEmoji(typed, most).then(take, () => take([]));
    return () => {
      isPast = true;
    };
  }, [typed]);
  return { ...found, stale: found.typed !== typed };
}
