import type { Person, Room } from "../../chat/model";

/** One line of the list under which a text is completed. `insert` is what takes the place of what was typed. */
export type Suggestion = { id: string; insert: string } & (
  | { kind: "person"; person: Person /** Not in the room: they are not told. */; outside: boolean }
  | { kind: "everybody"; count: number }
  | { kind: "room"; room: Room }
  | { kind: "emoji"; emoji: string; shortcode: string }
);

/** The lines, in order. `stale`: they belong to what was typed before, and the others are on their way. */
export interface Offer {
  suggestions: Suggestion[];
  stale: boolean;
}
