import { inject } from "vitest";

const WAIT_MS = 20_000;

/** By how much a mutation run waits less than others: what is broken there will not come. */
export function patience(): number {
  return inject("wait") / WAIT_MS;
}

/** Wait until `condition` gives something other than undefined or false, and return it; never for a guessed time. */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  timeout = WAIT_MS,
): Promise<T> {
  const deadline = Date.now() + timeout * patience();
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value as T;
    if (Date.now() > deadline) throw new Error(`waited ${timeout} ms for ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** The results of `work(0)` … `work(count - 1)`, a few at a time: a service answers a crowd, but not all at once. */
export async function inParallel<T>(count: number, work: (n: number) => Promise<T>, atOnce = 16): Promise<T[]> {
  const results: T[] = new Array(count);
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const n = next++;
      results[n] = await work(n);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
