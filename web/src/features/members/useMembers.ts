import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useChatActions, useChatState } from "../../ChatContext";
import type { Member, Room } from "../../chat/model";
import { peopleApi } from "../../chat/peopleApi";
import { roomsApi } from "../../chat/roomsApi";
import { usePeople } from "../../usePerson";
import type { Shown } from "./arrange";

export interface Known {
  /** The people of the room when it was asked who moderates it. */
  asOf: Member[];
  moderators: string[];
}

/**
 * The SDK tells of a role only its SID, so what it means is asked again when somebody has another one. Who comes with the
 * role of plain members is one: a crowd that joins costs no requests.
 */
export function outdated({ asOf, moderators }: Known, members: Member[]): boolean {
  const before = new Map(asOf.map(({ sid, roleSid }) => [sid, roleSid]));
  const plain = new Set(asOf.flatMap(({ identity, roleSid }) => (moderators.includes(identity ?? "") ? [] : roleSid)));
  return members.some(({ sid, roleSid }) => (before.has(sid) ? before.get(sid) !== roleSid : !plain.has(roleSid)));
}

/** Who moderates the room, by identity; it also makes the names known of people of whom the SDK tells nothing. */
export function useModerators(room: Room): Set<string> {
  const chat = useChatActions();
  const members = useChatState((state) => state.members[room.sid]);
  const { data, refetch } = useQuery({
    queryKey: ["members", room.sid],
    enabled: room.kind === "room" && members !== undefined,
    queryFn: async (): Promise<Known> => {
      const asOf = chat.store.getState().members[room.sid] ?? [];
      const found = await peopleApi.members(room.sid);
      chat.learn(found.flatMap(({ identity, name, avatar }) => (identity ? [{ identity, name, avatar }] : [])));
      return { asOf, moderators: found.flatMap(({ identity, moderator }) => (identity && moderator ? identity : [])) };
    },
  });
  useEffect(() => {
    if (data && members && outdated(data, members)) refetch({ cancelRefetch: false });
  }, [data, members, refetch]);
  return useMemo(() => new Set(data?.moderators), [data]);
}

export interface Rights {
  /** To put people out, to make them moderators, and to change the room. */
  moderate: boolean;
  add: boolean;
  write: boolean;
  /** To delete what others wrote. */
  deleteAny: boolean;
}

/** Of a direct message, and while it is not known: what is refused then is said in its place. */
const none: Rights = { moderate: false, add: false, write: true, deleteAny: false };

/** What one may do to the people of a room. The server decides; this hides what it would refuse. */
export function useRights(room: Room): Rights {
  const isRoom = room.kind === "room";
  const me = useChatState((state) => state.me?.identity);
  const role = useChatState((state) => state.members[room.sid]?.find(({ identity }) => identity === me)?.roleSid);
  const { data } = useQuery({
    queryKey: ["room", room.sid, "rights", role],
    enabled: isRoom,
    placeholderData: (before) => before,
    queryFn: () => roomsApi.room(room.sid),
  });
  if (!isRoom || !data) return none;
  const may = (permission: string) => data.you.permissions.includes(permission);
  return {
    moderate: may("removeParticipant"),
    write: may("sendMessage"),
    deleteAny: may("deleteAnyMessage"),
    add: !room.archived && (!room.isPrivate || may("addParticipant")),
  };
}

const nobody: Member[] = [];

/** The people of a room as the panel shows them; null while they are not known. */
export function useMembers(room: Room): Shown[] | null {
  const members = useChatState((state) => state.members[room.sid]);
  const me = useChatState((state) => state.me?.identity);
  const moderators = useModerators(room);
  const identities = useMemo(() => (members ?? nobody).map(({ identity, sid }) => identity ?? sid), [members]);
  const persons = usePeople(identities, false);
  return useMemo(() => {
    if (!members) return null;
    return members.map(({ sid, identity }, at) => ({
      ...(persons[at] ?? { identity: sid, name: sid, avatar: null, online: null }),
      sid,
      isMe: identity === me,
      hasAccount: identity !== null,
      moderator: identity !== null && moderators.has(identity),
    }));
  }, [members, persons, me, moderators]);
}
