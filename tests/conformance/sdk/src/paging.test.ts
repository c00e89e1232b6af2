import type { Message, Paginator } from "@twilio/conversations";
import { expect, inject } from "vitest";
import { conforms, fresh, server } from "./stage";
import { inParallel } from "./wait";

const LENGTH = 250;
/** SDK 2.x, which pages by the server's tokens; 3.x goes by the items that it has. */
const OLDER = inject("version") < "3";

/**
 * The indexes that follow or precede a page, in the order of the walk. No page has more than `size` of them, and all but
 * the last have as many, but for 3.x, which looks past the end of a page and may show fewer.
 */
async function walk(page: Paginator<Message>, way: Turn, size = Infinity): Promise<number[]> {
  const all: number[] = [];
  while (way === "next" ? page.hasNextPage : page.hasPrevPage) {
    page = await (way === "next" ? page.nextPage() : page.prevPage());
    const indexes = page.items.map((message) => message.index);
    const last = way === "next" ? !page.hasNextPage : !page.hasPrevPage;
    expect(indexes.length).toBeLessThanOrEqual(size);
    if (OLDER && !last && size < Infinity) expect(indexes.length).toBe(size);
    all.push(...(way === "next" ? indexes : indexes.reverse()));
    if (all.length > 2 * LENGTH) throw new Error(`it turns in circles: ${all.slice(0, 10)} … ${all.slice(-10)}`);
  }
  return all;
}

/** A conversation of 250 messages of which some were removed, and the indexes of the others. */
async function long(identity: string, holes: number[]): Promise<{ sid: string; left: number[] }> {
  const { sid } = await server.room("long", identity);
  const said = await inParallel(LENGTH, (n) => server.say(sid, identity, `m${n}`));
  const sids = said.sort((a, b) => a.index - b.index).map((message) => message.sid);
  await inParallel(holes.length, async (n) => {
    await server.rest("DELETE", `/v1/Conversations/${sid}/Messages/${sids[holes[n] ?? 0]}`);
  });
  return { sid, left: sids.map((_, n) => n).filter((n) => !holes.includes(n)) };
}

type Way = "backwards" | "forward";
type Turn = "next" | "prev";
interface Question {
  size: number;
  anchor?: number | undefined;
  way: Way;
  turn: Turn;
}

/** Every size of a page with every anchor, asked in that direction and walked on in that. */
function questions(sizes: number[], anchors: (number | undefined)[], way: Way, turn: Turn): Question[] {
  return sizes.flatMap((size) => anchors.map((anchor) => ({ size, anchor, way, turn })));
}

/** What an empty page behind all messages says of others before it, and after it. */
const NOTHING = [OLDER, false];

/** Ask each with a client of its own, and compare the page and all that it is walked on to with the messages left. */
async function ask(identity: string, sid: string, left: number[], asked: Question[]): Promise<void> {
  await inParallel(
    asked.length,
    async (n) => {
      const { size, anchor, way, turn } = asked[n] as Question;
      const what = `${size} ${way} from ${anchor}, then ${turn}`;
      const person = await fresh(identity);
      const page = await (await person.room(sid)).getMessages(size, anchor, way);
      const shown = page.items.map((message) => message.index);
      const limit = Math.min(size, 100); // as in Twilio's service
      const wanted =
        way === "forward"
          ? left.filter((index) => index >= (anchor ?? 0)).slice(0, limit)
          : left.filter((index) => index <= (anchor ?? LENGTH)).slice(-limit);
      expect(shown, what).toEqual(wanted);
      const [first = LENGTH, last = LENGTH] = [shown[0], shown.at(-1)];
      const ends = shown.length > 0 ? [first !== left[0], last !== left.at(-1)] : NOTHING;
      expect([page.hasPrevPage, page.hasNextPage], what).toEqual(ends);
      const others = shown.length === 0 ? [] : left.filter((index) => (turn === "next" ? index > last : index < first));
      expect(await walk(page, turn, limit), what).toEqual(turn === "next" ? others : others.reverse());
      await person.leave();
    },
    8,
  );
}

const PAGES = [
  ...["Conversation.getMessages", "Paginator.items", "Paginator.hasNextPage", "Paginator.hasPrevPage"],
  ...["Paginator.nextPage", "Paginator.prevPage"],
];

conforms(
  PAGES,
  "messages are paged from any anchor in the direction asked for, each exactly once",
  async () => {
    const { sid, left } = await long("pager", []);
    const anchors = [undefined, 0, 135, 10_000];
    await ask("pager", sid, left, [
      ...questions([30, 100], anchors, "backwards", "prev"),
      ...questions([30, 100], anchors, "forward", "next"),
      { size: 1, way: "backwards", turn: "prev" },
      { size: 1, anchor: 1, way: "forward", turn: "next" },
    ]);
    const there = await (await fresh("pager")).room(sid);
    await expect(there.getMessages(10, -1)).rejects.toThrow();
    expect((await there.getMessages()).items.map((message) => message.index)).toEqual(left.slice(-30));
  },
  { timeout: 60_000 },
);

conforms(
  PAGES,
  "messages are paged both ways from any anchor, also between those that were removed",
  async () => {
    const holes = [0, 9, 10, 11, 30, 99, 100, ...Array.from({ length: 30 }, (_, n) => 120 + n), 218, 249];
    const { sid, left } = await long("walker", holes);
    // Not against the direction asked for from the very ends: there the SDK loses its way (docs/protocol.md).
    const [middle, ends] = [
      [10, 135, 218],
      [undefined, 249],
    ];
    await ask("walker", sid, left, [
      ...questions([10, 120], [...middle, ...ends], "backwards", "prev"),
      ...questions([30], middle, "backwards", "next"),
      ...questions([10, 120], [...middle, ...ends], "forward", "next"),
      ...questions([30], middle, "forward", "prev"),
    ]);
  },
  { node: "what a browser would add is only time", timeout: 60_000 },
);

conforms(PAGES, "messages are in shorter pages when they are long, each exactly once", async () => {
  const { sid } = await server.room("heavy", "reader");
  const bodies = Array.from({ length: 20 }, (_, n) => `${n} `.padEnd(32 * 1024, "x"));
  for (const body of bodies) await server.say(sid, "reader", body);
  const left = bodies.map((_, n) => n);
  for (const way of ["backwards", "forward"] as const) {
    const page = await (await (await fresh("reader")).room(sid)).getMessages(50, undefined, way);
    const shown = page.items.map((message) => message.index);
    expect(shown.length).toBeGreaterThan(0);
    const rest = await walk(page, way === "forward" ? "next" : "prev");
    expect(way === "forward" ? [...shown, ...rest] : [...rest.reverse(), ...shown]).toEqual(left);
  }
  expect((await (await fresh("reader")).history(sid, 100)).map((message) => message.body)).toEqual(bodies);
});
