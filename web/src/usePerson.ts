import { useEffect, useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import { useChatActions, useChatState } from "./ChatContext";
import { bareName, type Person, type Room } from "./chat/model";
import { titleOf } from "./chat/room";
import type { ChatState } from "./chat/store";

const stranger = (identity: string): Person => ({ identity, name: identity, avatar: null, online: null });

type Known = Pick<ChatState, "people" | "me" | "connected">;

/** Oneself is there while this page is connected, where the service tells of others at all; else all is as it was. */
function personOf({ people, me, connected }: Known, identity: string): Person {
  const person = people[identity] ?? stranger(identity);
  if (identity !== me?.identity || person.online === null || !connected) return person;
  return { ...person, online: true };
}

/** Somebody, live: their name is fetched when it is not known, and until then they are called by their username. */
export function usePerson(identity: string): Person {
  const chat = useChatActions();
  useEffect(() => chat.nameAll([identity]), [chat, identity]);
  return useChatState(useShallow((state) => personOf(state, identity)));
}

/**
 * Several people, live, in the order of `identities`, which is to be the same array while they are the same people.
 * `ask`: have unknown names fetched, one by one.
 */
export function usePeople(identities: readonly string[], ask = true): Person[] {
  const chat = useChatActions();
  useEffect(() => {
    if (ask) chat.nameAll(identities);
  }, [chat, identities, ask]);
  const known = useChatState(useShallow(({ people, me, connected }): Known => ({ people, me, connected })));
  return useMemo(() => identities.map((identity) => personOf(known, identity)), [identities, known]);
}

/** What a room is called: `#sales`, or the others of a direct message, as they are called now. */
export function useRoomTitle(room: Room): string {
  const chat = useChatActions();
  useEffect(() => chat.nameAll(room.others), [chat, room.others]);
  return useChatState((state) => titleOf(room, state.people));
}

/** The same for lists and headers, where a door stands for the `#`. */
export function useBareTitle(room: Room): string {
  const title = useRoomTitle(room);
  return room.kind === "dm" ? title : bareName(title);
}
