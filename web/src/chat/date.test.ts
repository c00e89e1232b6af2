import { expect, it } from "vitest";
import { indexAt } from "./date";
import { FakeServer } from "./testing/fake-sdk";

/** A room with a message a second from ten o'clock on; index and second are the same. */
function room(count: number, ...removed: number[]) {
  const conversation = new FakeServer().room("CH1", "#sales");
  conversation.fill(count);
  conversation.remove(...removed);
  return conversation;
}
const second = (n: number) => Date.parse("2026-11-20T10:00:00Z") + n * 1000;

it("finds the first message of every moment", async () => {
  const conversation = room(120);
  for (let n = 0; n < 120; n++) expect(await indexAt(conversation, 119, second(n) - 500)).toBe(n);
});

it("takes few pages", async () => {
  const conversation = room(5000);
  expect(await indexAt(conversation, 4999, second(1234))).toBe(1234);
  expect(conversation.reads).toBeLessThanOrEqual(12);
});

it("passes over gaps, and starts and ends where the room does", async () => {
  const gap = Array.from({ length: 60 }, (_, n) => 20 + n);
  const conversation = room(100, ...gap, 99);
  expect(await indexAt(conversation, 99, second(30))).toBe(80);
  expect(await indexAt(conversation, 99, second(-1000))).toBe(0);
  expect(await indexAt(conversation, 99, second(98))).toBe(98);
  expect(await indexAt(conversation, 99, second(99))).toBeNull();
  expect(await indexAt(room(0), -1, second(0))).toBeNull();
});
