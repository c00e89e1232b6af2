import type { Person, Pin, Room } from "./model";

type Marks = Pick<Room, "kind" | "others" | "topic" | "archived" | "isPrivate" | "isDefault" | "pins">;

/** Of at most so many people a direct message can be. */
const mostOthers = 50;
const mostPins = 50;

/**
 * What a conversation's attributes make of it, by the same rules as the chat application's `read_room`. Other software
 * may have written anything there.
 */
export function marksOf(attributes: unknown, me: string | undefined): Marks {
  const {
    kind,
    visibility,
    topic,
    archived,
    members,
    pins,
    default: byDefault,
  } = (attributes ?? {}) as Record<string, unknown>;
  const dm = kind === "dm";
  const isPrivate = dm || visibility === "private";
  return {
    kind: dm ? "dm" : "room",
    others: dm ? othersOf(members, me) : [],
    topic: typeof topic === "string" ? topic : "",
    archived: Boolean(archived),
    isPrivate,
    isDefault: byDefault === true && !isPrivate,
    pins: pinsOf(pins),
  };
}

/** What a room is called. A direct message is called after the others, never by the name that the service keeps. */
export function titleOf(room: Pick<Room, "kind" | "others" | "name">, people: Record<string, Person>): string {
  if (room.kind === "room" || room.others.length === 0) return room.name;
  return room.others.map((identity) => people[identity]?.name ?? identity).join(", ");
}

function othersOf(members: unknown, me: string | undefined): string[] {
  if (!Array.isArray(members)) return [];
  const identities = members.filter((member): member is string => typeof member === "string" && member !== "");
  return [...new Set(identities)].filter((identity) => identity !== me).slice(0, mostOthers);
}

function pinsOf(pins: unknown): Pin[] {
  if (!Array.isArray(pins)) return [];
  const read = pins.slice(0, mostPins).flatMap((pin): Pin[] => {
    const { sid, i, by, ts } = (pin ?? {}) as Record<string, unknown>;
    const whole = typeof sid === "string" && typeof by === "string" && typeof ts === "number";
    return whole && Number.isInteger(i) ? [{ sid, index: i as number, by, at: ts }] : [];
  });
  return read.sort((a, b) => b.at - a.at);
}
