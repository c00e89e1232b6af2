import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { read, weigh } from "./budgets.mjs";

let assets;
beforeEach(() => {
  assets = mkdtempSync(join(tmpdir(), "assets-"));
});
afterEach(() => rmSync(assets, { recursive: true }));

/** A file of about `kilobytes` that gzip makes no smaller. */
const write = (file, kilobytes, text = "") =>
  writeFileSync(join(assets, file), `${text}//${randomBytes(kilobytes * 750).toString("base64")}`);

it("counts what a view imports, however far, but not what it asks for later nor what was there before", () => {
  write("index-AAAAAAAA.js", 10, 'import"./shared-BBBBBBBB.js";const later=()=>import("./Page-CCCCCCCC.js");');
  write("shared-BBBBBBBB.js", 20, 'import{a}from"./deep-_-_-_-_0.js";');
  write("deep-_-_-_-_0.js", 5, 'import "./shared-BBBBBBBB.js";');
  write("Page-CCCCCCCC.js", 40, 'import{b}from"./shared-BBBBBBBB.js";');
  write("style-DDDDDDDD.css", 3);
  const kilobytes = (line) => weigh(read(assets), [{ name: "view", limit: 50, ...line }])[0].bytes / 750;
  expect(kilobytes({ roots: ["index.js"] })).toBeCloseTo(35, -0.5);
  expect(kilobytes({ roots: ["Page.js"], without: ["index.js"] })).toBeCloseTo(40, -0.5);
  expect(kilobytes({ roots: ["index.js", ".css"] })).toBeCloseTo(38, -0.5);
});

it("tells a view that is too heavy, and one that is not there any more", () => {
  write("index-AAAAAAAA.js", 30);
  const judged = (limit, root = "index.js") => weigh(read(assets), [{ name: "view", roots: [root], limit }]);
  expect(judged(60)[0].kept).toBe(true);
  expect(judged(10)[0].kept).toBe(false);
  expect(() => judged(60, "House.js")).toThrow("the build has no House.js");
});
