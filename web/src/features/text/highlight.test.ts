import { expect, it } from "vitest";
import { highlight } from "./highlight";
import { languageOf } from "./languages";

const words = (kind: string, code: string, language: Parameters<typeof highlight>[1]) =>
  highlight(code, language).flatMap(([text, of]) => (of === kind ? text.trim() : []));

it("knows languages by what people call them", () => {
  expect(languageOf("py")).toBe("python");
  expect(languageOf("TS title=x")).toBe("typescript");
  expect(languageOf("c++")).toBe("cpp");
  expect(["", "brainfuck", "constructor", " "].map(languageOf)).toEqual([null, null, null, null]);
});

it("colours code, and keeps every character of it", () => {
  const code = 'def next_slot(day, length=45):\n    # "lunch" <b>\n    return day, "harbour door"\n';
  expect(
    highlight(code, "python")
      .map(([text]) => text)
      .join(""),
  ).toBe(code);
  expect(words("keyword", code, "python")).toEqual(["def", "return"]);
  expect(words("function", code, "python")).toEqual(["next_slot"]);
  expect(words("number", code, "python")).toEqual(["45"]);
  expect(words("comment", code, "python")).toEqual(['# "lunch" <b>']);
  expect(words("string", code, "python")).toEqual(['"harbour door"']);
});

it("colours a language within another", () => {
  const code = "<p class='a'>x</p><script>const a = 1;</script><style>p { color: red }</style>";
  expect(
    highlight(code, "xml")
      .map(([text]) => text)
      .join(""),
  ).toBe(code);
  expect(words("keyword", code, "xml")).toContain("const");
  expect(words("number", code, "xml")).toContain("1");
});
