import fc from "fast-check";
import { afterEach, beforeEach, it, vi } from "vitest";
import { type Fate, type Tab, World } from "./testing/outbox-world";

const rooms = ["CH1", "CH2"];
const runs = Number(process.env.ROOMFUL_LONG ? 2000 : 100);

/** As long as the database may take for a row that was just typed. */
const writing = 100;

type Step =
  | { do: "send"; tab: number; room: number }
  | { do: "cut" | "mend" | "renew" | "freeze" | "crash" | "reload" | "signOutAndIn" | "retry"; tab: number }
  | { do: "open" }
  | { do: "chatter"; room: number }
  | { do: "fate"; fate: Fate }
  | { do: "pass"; ms: number };

const tab = fc.nat(1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("send" as const), tab, room: fc.nat(1) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("cut", "mend", "mend", "renew", "freeze", "crash", "reload", "signOutAndIn", "retry"),
      tab,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "open" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("chatter" as const), room: fc.nat(1) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("fate" as const),
      fate: fc.constantFrom<Fate[]>("lost", "unanswered", "refused", "unavailable"),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(0, 1, 3, 10, 30, 100, 300, 1000, 6000, 20_000, 11 * 60_000),
    }),
  },
);

/** What a person did, and what must come of it. */
class Run {
  private readonly world: World;
  private count = 0;
  /** By origin, the tab (or sign-in in it) and room of a message, in the order in which they were sent. */
  private readonly sent = new Map<string, string[]>();
  private readonly typed = new Map<string, { by: Tab; at: number }>();
  /** Typed in a tab that crashed before they were kept: they are still in the draft. */
  private readonly unkept = new Set<string>();
  /** The person was told that it was not sent, so that others may have come before it. */
  private readonly mayBeOvertaken = new Set<string>();
  private origins = 0;
  /** Tabs that went on when others had found them gone: what is in them goes out once, but by two ways, and in any order. */
  private readonly takenFrom = new Set<Tab>();
  private readonly numbers = new Map<Tab, number>();

  constructor(
    seed: number,
    /** Whether browsers take names from pages that live. */
    private readonly freezes: boolean,
  ) {
    let state = seed;
    this.world = new World(rooms, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state / 2 ** 32;
    });
    this.open();
  }

  private open(): Tab {
    const tab = this.world.open();
    this.numbers.set(tab, this.origins++);
    tab.store.subscribe(({ outbox }) => {
      for (const row of Object.values(outbox).flat()) {
        if (row.status === "refused") this.mayBeOvertaken.add(row.text);
      }
    });
    return tab;
  }

  /** Opens another tab, when those that are there have found what was left to them. */
  private async openBeside(): Promise<void> {
    await vi.advanceTimersByTimeAsync(writing);
    this.open();
    for (const tab of this.world.tabs) this.numbers.set(tab, this.origins++);
  }

  async take(step: Step): Promise<void> {
    const { world } = this;
    if (step.do === "pass") await vi.advanceTimersByTimeAsync(step.ms);
    else if (step.do === "fate") world.fates.push(step.fate);
    else if (step.do === "open") {
      if (world.tabs.length < 2) await this.openBeside();
    } else if (step.do === "chatter") {
      for (let n = 0; n < 120; n++) world.store(rooms[step.room] as string, "bo", "words", null);
    } else await this.inTab(step, world.tabs[step.tab % Math.max(world.tabs.length, 1)]);
  }

  private async inTab(step: Extract<Step, { tab: number }>, tab: Tab | undefined): Promise<void> {
    if (!tab) return void this.open();
    if (step.do === "send") this.send(tab, rooms[step.room] as string);
    if (step.do === "cut") tab.disconnect();
    if (step.do === "mend") tab.reconnect();
    if (step.do === "renew") tab.connect();
    if (step.do === "freeze" && this.freezes) {
      tab.loseName();
      this.takenFrom.add(tab);
    }
    if (step.do === "crash") this.crash(tab);
    if (step.do === "reload") await this.reload(tab);
    if (step.do === "signOutAndIn") {
      tab.leave();
      tab.enter();
      this.numbers.set(tab, this.origins++); // what was left may go out by another tab, at the same time
    }
    if (step.do === "retry") {
      for (const sid of rooms) for (const { cid } of tab.rowsIn(sid)) tab.outbox.retry(sid, cid);
    }
  }

  private send(tab: Tab, sid: string): void {
    const text = `message ${this.count++}`;
    const origin = `${this.numbers.get(tab)} ${sid}`;
    this.sent.set(origin, [...(this.sent.get(origin) ?? []), text]);
    this.typed.set(text, { by: tab, at: Date.now() });
    tab.outbox.send(sid, { text, quote: null, mentions: [], files: [] });
  }

  /** What was left in the only tab goes out before what is typed in it then. */
  private async reload(tab: Tab): Promise<void> {
    const alone = this.world.tabs.length === 1;
    this.crash(tab);
    await vi.advanceTimersByTimeAsync(writing); // no browser is quicker
    const next = this.open();
    if (alone) this.numbers.set(next, this.numbers.get(tab) as number);
  }

  private crash(tab: Tab): void {
    for (const [text, { by, at }] of this.typed) {
      if (by === tab && Date.now() - at < writing && !this.world.everKept.has(text)) this.unkept.add(text);
    }
    tab.crash();
  }

  /** Everything works again; the page is opened if it is not, or if a tab went on under a name that it had lost. */
  async settle(): Promise<void> {
    this.world.fates = [];
    if (!this.world.tabs.length || this.takenFrom.size) await this.openBeside();
    for (const tab of this.world.tabs) if (!tab.online) tab.reconnect();
    await vi.advanceTimersByTimeAsync(120_000);
  }

  /** What is wrong, in words. */
  faults(): string[] {
    const shown = this.world.tabs.flatMap((tab) => rooms.flatMap((sid) => tab.rowsIn(sid)));
    return [...this.sent].flatMap(([origin, texts]) => {
      const stored = this.world.texts(origin.split(" ")[1] as string);
      const once = texts.flatMap((text) => {
        const arrived = stored.filter((body) => body === text).length;
        const rows = shown.filter((row) => row.text === text);
        if (this.unkept.has(text)) return arrived ? [`${text} was sent before it was kept`] : [];
        if (arrived > 1) return [`${text} arrived ${arrived} times`];
        // Of two that send the same, one may have been refused.
        const left = this.takenFrom.size ? rows.filter(({ status }) => status !== "refused") : rows;
        if (arrived === 1) return left.length ? [`${text} arrived, but is shown as ${left[0]?.status}`] : [];
        return rows.length && rows.length <= 1 + this.takenFrom.size && rows.every(({ status }) => status === "refused")
          ? []
          : [`${text} was lost: ${rows.map((row) => row.status)}`];
      });
      if (this.takenFrom.size) return once;
      const inOrder = stored.filter((body) => body && texts.includes(body) && !this.mayBeOvertaken.has(body));
      const sorted = texts.filter((text) => inOrder.includes(text));
      return inOrder.join() === sorted.join() ? once : [...once, `${origin}: ${inOrder} is out of order`];
    });
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("sends each message exactly once and in order, or shows that it was not sent, whatever breaks", async () => {
  const property = fc.asyncProperty(
    fc.nat(2 ** 31),
    fc.boolean(),
    fc.array(step, { maxLength: 60, size: "max" }),
    async (seed, freezes, steps) => {
      vi.clearAllTimers();
      const run = new Run(seed, freezes);
      for (const step of steps) await run.take(step);
      await run.settle();
      const faults = run.faults();
      if (faults.length) throw new Error(faults.join("\n"));
    },
  );
  await fc.assert(property, { numRuns: runs, endOnFailure: false });
}, 300_000);
