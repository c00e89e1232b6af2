import { call } from "./api";
import type { Profile } from "./peopleApi";

/** Rooms over the chat application's HTTP (docs/chat-api.md): what the SDK does not tell, or may not do. */

export interface RoomInfo {
  sid: string;
  name: string;
  topic: string;
  private: boolean;
  archived: boolean;
  default: boolean;
  /** How many are in it; null where that is not known. */
  members: number | null;
  joined: boolean;
}

/** Why somebody is no longer in a room. */
export interface Farewell {
  reason: "removed" | "deleted";
  name: string;
  /** Null when it was done at the terminal. */
  by: Profile | null;
}

export interface Invite {
  id: string;
  room: string | null;
  /** Milliseconds since 1970. */
  expires_at: number;
  uses_left: number;
}

/** An invitation that was just made: only now its address is known. */
export interface NewInvite extends Invite {
  url: string;
}

const roomOf = (sid: string) => `/api/rooms/${encodeURIComponent(sid)}`;

export const roomsApi = {
  /** Public rooms and one's own; archived ones last, by name. */
  list: async (typed = "") =>
    (await call<{ rooms: RoomInfo[] }>("GET", `/api/rooms?q=${encodeURIComponent(typed)}`)).rooms,
  room: (sid: string) => call<RoomInfo & { you: { moderator: boolean; permissions: string[] } }>("GET", roomOf(sid)),
  create: (name: string, topic: string, isPrivate: boolean) =>
    call<RoomInfo>("POST", "/api/rooms", { name, topic, private: isPrivate }),
  edit: (sid: string, change: { name?: string; topic?: string; archived?: boolean }) =>
    call<RoomInfo>("PATCH", roomOf(sid), change),
  remove: (sid: string) => call<void>("DELETE", roomOf(sid)),
  join: (sid: string) => call<RoomInfo>("POST", `${roomOf(sid)}/join`, {}),
  leave: (sid: string) => call<void>("POST", `${roomOf(sid)}/leave`, {}),
  farewell: (sid: string) => call<Farewell>("GET", `${roomOf(sid)}/farewell`),

  /** The direct message with these people, which is always the same. */
  openDm: (people: string[]) => call<{ sid: string; name: string }>("POST", "/api/dms", { people }),

  /** Invitations that one has made and that still work. */
  invites: async () => (await call<{ invites: Invite[] }>("GET", "/api/invites")).invites,
  /** `room`: the SID of the room that it leads to; without one it is for an account only. */
  invite: (room: string | null, days: number, uses: number) =>
    call<NewInvite>("POST", "/api/invites", { ...(room ? { room } : {}), days, uses }),
  revokeInvite: (id: string) => call<void>("DELETE", `/api/invites/${encodeURIComponent(id)}`),
};
