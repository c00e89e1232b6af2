import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createDwell } from "./dwell";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function dwell() {
  const read: number[] = [];
  const clock = createDwell((index) => read.push(index));
  return { read, ...clock, pass: (ms: number) => vi.advanceTimersByTime(ms) };
}

it("reads what was in view for 300 ms, once", () => {
  const { read, sees, pass } = dwell();
  sees(4);
  pass(299);
  expect(read).toEqual([]);
  pass(1);
  sees(4);
  pass(1000);
  expect(read).toEqual([4]);
});

it("reads on while one scrolls steadily, but only what stayed in view", () => {
  const { read, sees, pass } = dwell();
  for (let index = 1; index <= 10; index++) {
    sees(index);
    pass(100);
  }
  expect(read).toEqual([1, 3, 6]);
  pass(600);
  expect(read).toEqual([1, 3, 6, 9, 10]);
});

it("does not read what was only flown over", () => {
  const { read, sees, pass } = dwell();
  sees(9);
  pass(100);
  sees(3);
  pass(200);
  expect(read).toEqual([3]);
});

it("starts anew when the person looks again", () => {
  const { read, sees, stop, pass } = dwell();
  sees(5);
  pass(200);
  stop();
  pass(500);
  sees(5);
  pass(200);
  expect(read).toEqual([]);
  pass(100);
  expect(read).toEqual([5]);
});
