import type { Person, Room } from "./model";
import { titleOf } from "./room";

/** The sections of the room list, each in the order in which it is shown. */
export interface Sections {
  rooms: Room[];
  dms: Room[];
  archived: Room[];
}

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const sids = (rooms: Room[]) => rooms.map(({ sid }) => sid);

/** Rooms by name, direct messages by what was last written, archived rooms by name. Ties are broken by SID. */
export function arrange(all: readonly Room[], people: Record<string, Person>): Sections {
  const name = (room: Room) => titleOf(room, people);
  const named = (a: Room, b: Room) => byName.compare(name(a), name(b)) || a.sid.localeCompare(b.sid);
  const activity = (room: Room) => room.lastAt ?? room.createdAt ?? 0;
  const open = all.filter((room) => !room.archived);
  return {
    rooms: open.filter(({ kind }) => kind === "room").sort(named),
    dms: open.filter(({ kind }) => kind === "dm").sort((a, b) => activity(b) - activity(a) || named(a, b)),
    archived: all.filter((room) => room.archived).sort(named),
  };
}

/**
 * `now`, in the order of `before` as far as it was there: nothing moves under the pointer but by what comes, at the end, and
 * goes.
 */
export function keepOrder(before: readonly Room[], now: readonly Room[]): Room[] {
  const bySid = new Map(now.map((room) => [room.sid, room]));
  const stay = before.flatMap(({ sid }) => bySid.get(sid) ?? []);
  const known = new Set(sids(stay));
  return [...stay, ...now.filter(({ sid }) => !known.has(sid))];
}

/** `keepOrder` of each section. */
export function keepSections(before: Sections, now: Sections): Sections {
  return {
    rooms: keepOrder(before.rooms, now.rooms),
    dms: keepOrder(before.dms, now.dms),
    archived: keepOrder(before.archived, now.archived),
  };
}

/**
 * The room `step` places from the open one, round the end, of those that `wanted` lets through; null when there is none.
 * With no room open it is the first, or the last.
 */
export function neighbour(
  order: readonly Room[],
  open: string | null,
  step: 1 | -1,
  wanted: (room: Room) => boolean = () => true,
): Room | null {
  const at = order.findIndex(({ sid }) => sid === open);
  const from = at < 0 && step < 0 ? 0 : at;
  for (let n = 1; n <= order.length; n++) {
    const room = order[(from + step * n + order.length * 2) % order.length];
    if (room && room.sid !== open && wanted(room)) return room;
  }
  return null;
}
