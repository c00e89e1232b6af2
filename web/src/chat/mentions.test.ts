import { expect, it } from "vitest";
import { mentionsIn, splitMentions } from "./mentions";

const here = (identity: string) => ["ana", "bo", "bo.b", "x-y_z"].includes(identity);
const found = (text: string) => mentionsIn(text, here);

it("finds the people of the room, each once, in any letter case", () => {
  expect(found("@ana and @Bo, and @ANA")).toEqual(["ana", "bo"]);
  expect(found("(@ana) @x-y_z! @bo.b @bo. @bo... @room")).toEqual(["ana", "x-y_z", "bo.b", "bo", "@room"]);
});

it("finds nobody in addresses, in code, or who is not here", () => {
  expect(found("mail@ana.com a@bo /@bo @chen @anab @@ana http://x/@ana")).toEqual([]);
  expect(found("`@ana` ```\n@bo\n``` and ```\n@ana")).toEqual([]);
});

it("gives the text in pieces", () => {
  expect(splitMentions("hi @bo. And @room!", here)).toEqual(["hi ", "bo", ". And ", "@room", "!"]);
  expect(splitMentions("@ana", here)).toEqual(["", "ana", ""]);
});
