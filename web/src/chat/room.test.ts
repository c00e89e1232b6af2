import { expect, it } from "vitest";
import { marksOf, titleOf } from "./room";

it("reads what the chat application writes", () => {
  const attributes = { v: 1, kind: "room", visibility: "public", default: true, topic: "Chairs" };
  const room = {
    kind: "room",
    others: [],
    topic: "Chairs",
    archived: false,
    isPrivate: false,
    isDefault: true,
    pins: [],
  };
  expect(marksOf(attributes, "ana")).toEqual(room);
  expect(marksOf({ ...attributes, archived: { by: "bo", at: 5 } }, "ana").archived).toBe(true);
  expect(marksOf({ ...attributes, visibility: "private" }, "ana")).toMatchObject({ isPrivate: true, isDefault: false });
  const pins = [
    { sid: "IM1", i: 4, by: "bo", ts: 100 },
    { sid: "IM2", i: 2, by: "ana", ts: 200 },
    { sid: "IM3", i: "x", by: 5 },
  ];
  expect(marksOf({ ...attributes, pins }, "ana").pins.map(({ index, by, at }) => [index, by, at])).toEqual([
    [2, "ana", 200],
    [4, "bo", 100],
  ]);
  const dm = { v: 1, kind: "dm", members: ["ana", "bo", "chen"] };
  expect(marksOf(dm, "ana")).toMatchObject({ kind: "dm", others: ["bo", "chen"], isPrivate: true, isDefault: false });
});

it.each([
  null,
  undefined,
  7,
  "text",
  [],
  { kind: 3, visibility: {}, topic: 9, archived: 0, members: "bo", default: "yes" },
])("takes %j for an ordinary room", (attributes) => {
  const room = { kind: "room", others: [], topic: "", archived: false, isPrivate: false, isDefault: false, pins: [] };
  expect(marksOf(attributes, "ana")).toEqual(room);
});

it("leaves out of a direct message what names nobody, and nobody twice", () => {
  const members = ["ana", "bo", "bo", "", null, 5, { identity: "eve" }];
  expect(marksOf({ kind: "dm", members }, "ana").others).toEqual(["bo"]);
  expect(marksOf({ kind: "dm", members: "ana" }, "ana").others).toEqual([]);
});

it("calls a direct message after the others", () => {
  const people = { bo: { identity: "bo", name: "Bo Lindqvist", avatar: null, online: null } };
  expect(titleOf({ kind: "dm", others: ["bo", "chen"], name: "whatever" }, people)).toBe("Bo Lindqvist, chen");
  expect(titleOf({ kind: "dm", others: [], name: "ana" }, people)).toBe("ana");
  expect(titleOf({ kind: "room", others: [], name: "#sales" }, people)).toBe("#sales");
});
