import { expect, it } from "vitest";
import { arrange, type Groups, matching, type Shown } from "./arrange";

const person = (identity: string, online: boolean | null, more: Partial<Shown> = {}): Shown => ({
  sid: `MB${identity}`,
  identity,
  name: identity,
  avatar: null,
  online,
  isMe: false,
  hasAccount: true,
  moderator: false,
  ...more,
});
const told = (groups: Groups) => groups.map(([key, people]) => `${key}: ${people.map(({ name }) => name).join(" ")}`);

it("lists who is there first, oneself before the others, who are in the order of their names", () => {
  const people = [
    person("zoe", true),
    person("émile", true),
    person("Eva", false),
    person("ana", true, { isMe: true, name: "zz Ana" }),
    person("p10", false),
    person("p9", false),
    person("far", null),
  ];
  expect(told(arrange(people))).toEqual(["here: zz Ana émile zoe", "away: Eva p9 p10", "rest: far"]);
});

it("makes one list where the service does not tell who is there", () => {
  expect(told(arrange([person("bo", null), person("ana", null)]))).toEqual(["all: ana bo"]);
  expect(arrange([])).toEqual([]);
});

it("tells people of the same name apart, always in the same order", () => {
  const [a, b] = [person("b1", true, { name: "Bo" }), person("b2", true, { name: "Bo" })];
  expect(arrange([b, a])).toEqual(arrange([a, b]));
});

it("moves nobody under the pointer, lets go who left and adds who came", () => {
  const before = arrange([person("ana", true), person("bo", true), person("chen", true), person("dan", false)]);
  const now = [
    person("ana", true),
    person("bo", false),
    person("dan", true, { name: "Dan, renamed" }),
    person("aaron", true),
    person("eve", null),
  ];
  expect(told(arrange(now, before))).toEqual(["here: ana bo aaron", "away: Dan, renamed", "rest: eve"]);
  expect(arrange(now, before)[0]?.[1][1]?.online).toBe(false);
  expect(told(arrange(now))).toEqual(["here: aaron ana Dan, renamed", "away: bo", "rest: eve"]);
});

it("finds people by the beginning of a word, whatever the accents and the letter case", () => {
  const people = [person("e1", true, { name: "Élodie Čapek" }), person("bo.l", true, { name: "Bo Lindqvist" })];
  const found = (typed: string) => matching(people, typed).map(({ identity }) => identity);
  expect(found("elo")).toEqual(["e1"]);
  expect(found(" ČAP")).toEqual(["e1"]);
  expect(found("lind")).toEqual(["bo.l"]);
  expect(found("bo.")).toEqual(["bo.l"]);
  expect(found("qvist")).toEqual([]);
  expect(found("")).toHaveLength(2);
});
