import { createHistory } from "../history";
import type { Live } from "../live";
import type { Outgoing } from "../model";
import { createOutbox, type Outbox } from "../outbox";
import { createShelf, type Kept, type Rows, type Tabs } from "../shelf";
import { createChatStore } from "../store";
import type { SdkMessage } from "../surface";
import { FakeClient, FakeConversation, FakeServer } from "./fake-sdk";

/** The service answers a repeated cid with the first message for so long. */
const repeatWindow = 10 * 60_000;
const cutOff = () => new Error("disconnected");
const answered = (status: number) => Object.assign(new Error(`${status}`), { status, body: { message: "No." } });

/** What becomes of a request that sends a message. `lost`: it never arrives; `unanswered`: it is stored, nobody is told. */
export type Fate = "stored" | "lost" | "unanswered" | "refused" | "unavailable";

/** A service, and one browser with its tabs: all that goes wrong between them is said by a test. */
export class World {
  readonly server = new FakeServer();
  readonly rooms = new Map<string, SdkMessage[]>();
  readonly kept = new Map<string, { kept: Kept; tab: string }>();
  /** The texts of all rows that were written once. */
  readonly everKept = new Set<string>();
  readonly names = new Map<string, { holder: Tab; waiting: (() => void)[] }>();
  tabs: Tab[] = [];
  fates: Fate[] = [];

  constructor(
    rooms: string[],
    private readonly random: () => number,
  ) {
    for (const sid of rooms) this.rooms.set(sid, this.server.room(sid, sid).stored);
  }

  /** Some milliseconds. */
  pass = (most: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.floor(this.random() * most)));

  open(): Tab {
    const tab = new Tab(this);
    this.tabs.push(tab);
    return tab;
  }

  /** Stores a message, unless it has it, and tells who is connected. */
  store(sid: string, author: string, body: string, cid: string | null): number {
    const conversation = this.server.conversations.get(sid) as FakeConversation;
    const known = cid && conversation.stored.find(({ attributes }) => (attributes as { cid?: string }).cid === cid);
    if (known && Date.now() - (known.dateCreated?.getTime() ?? 0) < repeatWindow) return known.index;
    const message = { ...conversation.store(author, body, cid), dateCreated: new Date() };
    conversation.stored[conversation.stored.length - 1] = message;
    for (const tab of this.tabs) tab.hear(sid, message);
    return message.index;
  }

  texts = (sid: string) => (this.rooms.get(sid) ?? []).filter(({ author }) => author === "ana").map(({ body }) => body);
}

/** One tab: the outbox itself, over the world's line, database and locks. Once it has crashed it reaches none of them. */
export class Tab {
  readonly store = createChatStore();
  readonly outbox: Outbox;
  alive = true;
  /** Ends the requests under way when the line breaks. */
  private cuts = new Set<(error: Error) => void>();
  private readonly live: Live = { client: null, conversations: new Map() };
  private readonly history;

  constructor(private readonly world: World) {
    const { store, live } = this;
    this.history = createHistory(store, live, () => {});
    this.outbox = createOutbox({
      store,
      live,
      shelf: createShelf(this.rows(), this.locks()),
      refresh: (sid) => this.history.refresh(sid),
      newest: (sid) => world.rooms.get(sid)?.at(-1)?.index ?? -1,
      sent: () => {},
      ready: async (files) => files,
    });
    for (const sid of world.rooms.keys()) live.conversations.set(sid, new Room(world, this, sid));
    this.enter();
  }

  get online(): boolean {
    return this.alive && this.live.client?.connectionState === "connected";
  }

  enter(): void {
    this.store.setState({ me: { identity: "ana", name: "Ana" } });
    this.outbox.enter("ana");
    this.connect();
  }

  /** Signs out; the tab stays. */
  leave(): void {
    this.disconnect();
    this.outbox.leave();
    this.store.forget();
  }

  connect(): void {
    const client = new FakeClient(this.world.server, "");
    client.connectionState = "connected";
    this.live.client = client;
    this.outbox.newClient();
    this.history.newClient();
    for (const sid of this.world.rooms.keys()) {
      this.history.latest(sid);
      this.outbox.resume(sid);
    }
  }

  disconnect(): void {
    if (this.live.client) (this.live.client as FakeClient).connectionState = "connecting";
    for (const cut of this.cuts) cut(cutOff());
  }

  /** The line is back: the same client goes on. */
  reconnect(): void {
    if (this.live.client) (this.live.client as FakeClient).connectionState = "connected";
    this.outbox.resumeAll();
    for (const sid of this.world.rooms.keys()) this.history.refresh(sid);
  }

  crash(): void {
    this.disconnect();
    this.alive = false;
    this.world.tabs = this.world.tabs.filter((tab) => tab !== this);
    this.loseName();
  }

  /** A browser may take it from a page that lives, when it puts that aside. */
  loseName(): void {
    for (const [name, { holder }] of this.world.names) if (holder === this) this.free(name);
  }

  hear(sid: string, message: SdkMessage): void {
    this.world.pass(50).then(() => this.online && this.history.arrived(sid, message, message.author !== "ana"));
  }

  rowsIn = (sid: string): Outgoing[] => this.store.getState().outbox[sid] ?? [];

  /** A request over the line: it rejects when that breaks, and is never answered in a tab that is gone. */
  ask<T>(work: () => Promise<T>): Promise<T> {
    if (!this.online) return Promise.reject(cutOff());
    return new Promise<T>((resolve, reject) => {
      this.cuts.add(reject);
      work()
        .then(
          (value) => this.alive && resolve(value),
          (error) => this.alive && reject(error),
        )
        .finally(() => this.cuts.delete(reject));
    });
  }

  private async inDatabase<T>(work: () => T): Promise<T> {
    await this.world.pass(10);
    if (!this.alive) return new Promise<T>(() => {}); // it died before the step was taken
    const value = work();
    await this.world.pass(10);
    return this.alive ? value : new Promise<T>(() => {});
  }

  private rows(): Rows {
    const { kept } = this.world;
    const of = (tab: string) => [...kept.values()].filter((entry) => entry.tab === tab);
    return {
      tabs: () => this.inDatabase(() => [...new Set([...kept.values()].map(({ tab }) => tab))]),
      write: (tab, changes) =>
        this.inDatabase(() =>
          changes.flatMap(({ cid, kept: row, isNew }) => {
            const stored = kept.get(cid);
            if (stored ? stored.tab !== tab : !isNew) return row ? [cid] : [];
            if (row) this.world.everKept.add(row.row.text);
            if (row) kept.set(cid, { kept: row, tab });
            else kept.delete(cid);
            return [];
          }),
        ),
      adopt: (_, from, to) =>
        this.inDatabase(() =>
          of(from).map((entry) => {
            entry.tab = to;
            return entry.kept;
          }),
        ),
    };
  }

  private free(name: string): void {
    const waiting = this.world.names.get(name)?.waiting ?? [];
    this.world.names.delete(name);
    for (const go of waiting) this.world.pass(5).then(go);
  }

  private locks(): Tabs {
    const { names } = this.world;
    return {
      hold: async (name) => {
        names.set(name, { holder: this, waiting: [] });
        return () => this.free(name);
      },
      isGone: async (name) => !names.has(name),
      gone: (name, signal) =>
        new Promise((resolve, reject) => {
          const go = () => this.alive && resolve();
          signal.addEventListener("abort", () => reject(signal.reason));
          const held = names.get(name);
          if (held) held.waiting.push(go);
          else go();
        }),
      tell: (name) => {
        for (const other of this.world.tabs) if (other !== this) for (const told of other.told) told(name);
      },
      hear: (told, signal) => {
        this.told.add(told);
        signal.addEventListener("abort", () => this.told.delete(told));
      },
    };
  }
  private readonly told = new Set<(name: string) => void>();
}

/** A room as one tab's SDK shows it. */
class Room extends FakeConversation {
  constructor(
    private readonly world: World,
    private readonly tab: Tab,
    sid: string,
  ) {
    super(world.server, sid, sid);
    this.stored = world.rooms.get(sid) ?? [];
  }

  override sendMessage(body: string, attributes: object): Promise<number> {
    const { world, sid } = this;
    const fate = world.fates.shift() ?? "stored";
    return this.tab.ask(async () => {
      await world.pass(500); // on its way, whatever becomes of its tab
      if (fate === "lost") throw cutOff();
      if (fate === "refused") throw answered(403);
      if (fate === "unavailable") throw answered(503);
      const index = world.store(sid, "ana", body, (attributes as { cid: string }).cid);
      await world.pass(500);
      if (fate === "unanswered") throw cutOff();
      return index;
    });
  }

  override getMessages(...page: Parameters<FakeConversation["getMessages"]>) {
    return this.tab.ask(async () => {
      const found = await super.getMessages(...page);
      await this.world.pass(200);
      return found;
    });
  }
}
