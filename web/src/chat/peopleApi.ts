import { call } from "./api";

/** People over the chat application's HTTP (docs/chat-api.md): what the SDK does not tell, or may not do. */

export interface Profile {
  identity: string;
  name: string;
  avatar: string | null;
}

export interface Standing extends Profile {
  since: number;
  admin: boolean;
  disabled: boolean;
  deleted: boolean;
}

/** `identity` is null for people outside the browser. */
export interface RoomMember extends Omit<Profile, "identity"> {
  identity: string | null;
  moderator: boolean;
}

export interface Added {
  added: string[];
  /** Why somebody was not: a code by identity. */
  refused: Record<string, string>;
}

const membersOf = (sid: string) => `/api/rooms/${encodeURIComponent(sid)}/members`;
const memberOf = (sid: string, identity: string) => `${membersOf(sid)}/${encodeURIComponent(identity)}`;

export const peopleApi = {
  /** At most 20 people whose usernames, or words of whose names, begin so. */
  find: async (typed: string) =>
    (await call<{ people: Profile[] }>("GET", `/api/people?q=${encodeURIComponent(typed)}`)).people,
  person: (identity: string) => call<Standing>("GET", `/api/people/${encodeURIComponent(identity)}`),

  members: async (sid: string) => (await call<{ members: RoomMember[] }>("GET", membersOf(sid))).members,
  add: (sid: string, people: string[]) => call<Added>("POST", membersOf(sid), { people }),
  remove: (sid: string, identity: string) => call<void>("DELETE", memberOf(sid, identity)),
  setModerator: (sid: string, identity: string, moderator: boolean) =>
    call<void>("PUT", memberOf(sid, identity), { moderator }),

  rename: (name: string) => call<Profile>("PATCH", "/api/profile", { name }),
  setAvatar: (picture: Blob) => call<Profile>("PUT", "/api/avatar", picture),
  removeAvatar: () => call<Profile>("DELETE", "/api/avatar"),
};
