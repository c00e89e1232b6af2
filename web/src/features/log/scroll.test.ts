import { describe, expect, it } from "vitest";
import { firstBelow, hasScrolledUp, lastSeen, modeOf, positionAfter, positionOf, wants } from "./scroll";

const view = (scrollTop: number, scrollHeight = 2000, clientHeight = 500) => ({
  scrollTop,
  scrollHeight,
  clientHeight,
});
/** Ten rows of 50 px. */
const edges = (at: number) => ({ top: at * 50, bottom: at * 50 + 50 });

describe("modeOf", () => {
  it("is at the bottom within 40 px of the room's end", () => {
    expect([modeOf(view(1500), false), modeOf(view(1460), false), modeOf(view(1459), false)]).toEqual([
      ...["atBottom", "atBottom", "reading"],
    ]);
  });
  it("is never at the bottom of a stretch that does not reach the end", () => {
    expect(modeOf(view(1500), true)).toBe("jumped");
  });
  it("is at the bottom of a log that does not fill the view", () => {
    expect(modeOf(view(0, 300), false)).toBe("atBottom");
  });
});

describe("hasScrolledUp", () => {
  it("sees that the reader has left the end before the browser says so", () => {
    expect(hasScrolledUp(view(300), 1500)).toBe(true);
  });
  it("is not what happens when rows come, go at the end, or the view gets taller", () => {
    expect(hasScrolledUp(view(1500, 2600), 1500)).toBe(false);
    expect(hasScrolledUp(view(1400, 1900), 1500)).toBe(false);
    expect(hasScrolledUp(view(1300, 2000, 700), 1500)).toBe(false);
  });
});

describe("positionAfter", () => {
  it("follows at the bottom, however much arrived", () => {
    expect(positionAfter("atBottom", false, view(1500, 2600), 0)).toBe(2100);
  });
  it("keeps the rows in view where they are otherwise", () => {
    expect(positionAfter("reading", false, view(300, 2600), 600)).toBe(900);
    expect(positionAfter("reading", false, view(900), -130)).toBe(770);
    expect(positionAfter("jumped", true, view(300), 0)).toBe(300);
  });
  it("stops following when the end was cut off", () => {
    expect(positionAfter("atBottom", true, view(1500), 20)).toBe(1520);
  });
});

describe("positionOf", () => {
  it("puts the New line at a third of the height, and a message asked for into the middle", () => {
    expect(positionOf("third", { top: 1000, bottom: 1020 }, view(0))).toBeCloseTo(833.33, 1);
    expect(positionOf("middle", { top: 1000, bottom: 1100 }, view(0))).toBe(800);
  });
  it("shows a message that is higher than the view from its start", () => {
    expect(positionOf("middle", { top: 700, bottom: 1900 }, view(0))).toBe(700);
  });
  it("stays inside the log", () => {
    expect(positionOf("third", { top: 20, bottom: 60 }, view(0))).toBe(0);
    expect(positionOf("middle", { top: 1950, bottom: 2000 }, view(0))).toBe(1500);
  });
});

describe("wants", () => {
  const ends = (hasOlder: boolean, hasNewer: boolean) => ({ hasOlder, hasNewer });
  it("asks 600 px ahead, at the end that has more", () => {
    expect(wants(view(599, 4000), ends(true, true))).toBe("older");
    expect(wants(view(600, 4000), ends(true, true))).toBeNull();
    expect(wants(view(2901, 4000), ends(true, true))).toBe("newer");
    expect(wants(view(599, 4000), ends(false, true))).toBeNull();
    expect(wants(view(3400, 4000), ends(true, false))).toBeNull();
  });
  it("fills a view that a page does not fill", () => {
    expect(wants(view(0, 300), ends(true, false))).toBe("older");
    expect(wants(view(0, 300), ends(false, true))).toBe("newer");
  });
});

describe("rows in view", () => {
  it("finds the first row by its bottom", () => {
    const bottom = (at: number) => edges(at).bottom;
    expect([firstBelow(10, bottom, 0), firstBelow(10, bottom, 50), firstBelow(10, bottom, 480)]).toEqual([0, 1, 9]);
    expect([firstBelow(10, bottom, 500), firstBelow(0, bottom, 0)]).toEqual([10, 0]);
  });
  it("takes a row as seen when its end is in view", () => {
    expect(lastSeen(10, edges, { top: 0, bottom: 120 })).toBe(1);
    expect(lastSeen(10, edges, { top: 0, bottom: 149.5 })).toBe(2);
    expect(lastSeen(10, edges, { top: 0, bottom: 700 })).toBe(9);
  });
  it("takes a row as seen that is longer than the view and fills most of it", () => {
    const long = (at: number) => ({ top: at * 1000, bottom: at * 1000 + 1000 });
    expect(lastSeen(3, long, { top: 900, bottom: 1400 })).toBe(1);
    expect(lastSeen(3, long, { top: 600, bottom: 1100 })).toBe(0);
    expect(lastSeen(0, long, { top: 0, bottom: 100 })).toBe(-1);
  });
});
