import { describe, expect, it } from "vitest";
import { type Room, unknownRoom } from "./model";
import { arrange, keepOrder, neighbour } from "./order";

const room = (sid: string, more: Partial<Room> = {}): Room => ({ ...unknownRoom, sid, name: sid, ...more });
const names = (rooms: Room[]) => rooms.map(({ sid }) => sid).join(" ");
const dm = (sid: string, other: string, lastAt: number | null, createdAt = 0) =>
  room(sid, { kind: "dm", name: "kept", others: [other], lastAt, createdAt });

describe("the sections of the list", () => {
  it("has rooms by name as people read it, direct messages by activity, archived rooms apart", () => {
    const all = [
      room("#room10"),
      room("#Room2"),
      room("#ärger"),
      room("#old", { archived: true }),
      dm("early", "bo", 10),
      dm("late", "chen", 30),
      dm("empty", "dana", null, 20),
    ];
    const { rooms, dms, archived } = arrange(all, {});
    expect(names(rooms)).toBe("#ärger #Room2 #room10");
    expect(names(dms)).toBe("late empty early");
    expect(names(archived)).toBe("#old");
  });

  it("does not depend on the order in which rooms were heard of", () => {
    const all = [room("b", { name: "same" }), room("a", { name: "same" }), dm("d", "bo", 5), dm("c", "bo", 5)];
    expect(arrange(all, {})).toEqual(arrange([...all].reverse(), {}));
  });

  it("puts a direct message after the names that its people have now", () => {
    const all = [dm("1", "bo", 5), dm("2", "chen", 5)];
    const person = (identity: string, name: string) => ({ identity, name, avatar: null, online: null });
    expect(names(arrange(all, { bo: person("bo", "Zoe"), chen: person("chen", "Amir") }).dms)).toBe("2 1");
  });
});

describe("an order that is kept", () => {
  it("moves nothing, drops what went, and takes in at the end what came", () => {
    const before = [room("a"), room("b"), room("c")];
    const now = [room("c", { unread: 3 }), room("new"), room("a")];
    const kept = keepOrder(before, now);
    expect(names(kept)).toBe("a c new");
    expect(kept[1]?.unread).toBe(3);
  });
});

describe("the next room", () => {
  const order = [room("a"), room("b", { unread: 1 }), room("c"), room("d", { unread: 2 })];
  const unread = (each: Room) => Boolean(each.unread);

  it("goes round both ends", () => {
    expect(neighbour(order, "d", 1)?.sid).toBe("a");
    expect(neighbour(order, "a", -1)?.sid).toBe("d");
  });
  it("starts at an end when no room is open, or one that is not in the list", () => {
    expect(neighbour(order, null, 1)?.sid).toBe("a");
    expect(neighbour(order, "gone", -1)?.sid).toBe("d");
  });
  it("skips what is not wanted, and never gives the open one", () => {
    expect(neighbour(order, "b", 1, unread)?.sid).toBe("d");
    expect(neighbour(order, "b", -1, unread)?.sid).toBe("d");
    expect(neighbour([room("a", { unread: 1 })], "a", 1, unread)).toBeNull();
    expect(neighbour([], null, 1)).toBeNull();
  });
});
