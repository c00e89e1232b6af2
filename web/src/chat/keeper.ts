import type { Outgoing } from "./model";
import type { Change, Drawer, Kept, Shelf } from "./shelf";
import type { ChatStore } from "./store";

/** A message is not held up for longer by a disk that does not answer. */
const writeWithin = 3_000;

type Entry = { sid: string; row: Outgoing };

/** What this tab last handed to the shelf, for one person. */
interface Desk {
  identity: string;
  drawer: Promise<Drawer | null>;
  written: Map<string, Entry>;
  /** Settles when all that was handed over is written. */
  done: Promise<void>;
}

export type Keeper = ReturnType<typeof createKeeper>;

/** Keeps the store's outbox on the shelf, and puts into it what tabs that are gone left there. */
export function createKeeper(store: ChatStore, shelf: Shelf | null, adopt: (rows: Kept[]) => void) {
  let desk: Desk | null = null;
  let closed: Promise<unknown> = Promise.resolve();

  store.subscribe((state, before) => {
    if (state.outbox !== before.outbox) write();
  });

  /** What the server has acknowledged need not be kept. */
  function entries(): Map<string, Entry> {
    const rows = Object.entries(store.getState().outbox).flatMap(([sid, list]) => list.map((row) => ({ sid, row })));
    return new Map(rows.filter(({ row }) => row.status !== "sent").map((entry) => [entry.row.cid, entry]));
  }

  /** Hands over what has changed. */
  function write(): void {
    if (!desk) return;
    const { identity, drawer, written } = desk;
    const now = entries();
    const changes: Change[] = [];
    for (const [cid, { sid, row }] of now) {
      const before = written.get(cid)?.row;
      if (before === row) continue;
      changes.push({ cid, kept: { identity, sid, row }, isNew: !before, withFiles: before?.files !== row.files });
    }
    for (const cid of written.keys()) {
      if (!now.has(cid)) changes.push({ cid, kept: null, isNew: false, withFiles: false });
    }
    if (!changes.length) return;
    desk.written = now;
    const mine = desk;
    desk.done = desk.done
      .then(() => drawer)
      .then((open) => (open ? open.write(changes) : Promise.reject(new Error("no shelf"))))
      .then(
        (lost) => lost.map((cid) => drop(mine, cid)),
        () => changes.map(({ cid }) => mine.written.delete(cid)), // written again, as new, with its next change
      )
      .then(() => {});
  }

  /** Another tab has taken the row over: it is that one's to send. */
  function drop(mine: Desk, cid: string): void {
    const sid = mine.written.get(cid)?.sid;
    mine.written.delete(cid);
    if (mine === desk && sid) store.change("outbox", sid, (rows) => rows?.filter((row) => row.cid !== cid));
  }

  return {
    /** Somebody is signed in here. */
    open(identity: string): void {
      if (desk || !shelf) return;
      const mine: Desk = { identity, drawer: Promise.resolve(null), written: new Map(), done: Promise.resolve() };
      desk = mine;
      const take = (rows: Kept[]) => {
        if (desk !== mine) return;
        for (const { sid, row } of rows) mine.written.set(row.cid, { sid, row });
        adopt(rows);
      };
      mine.drawer = closed.then(() => shelf.open(identity, take)).catch(() => null);
      write();
    },

    /** Nobody is: the rows wait on the shelf for the same person. */
    close(): void {
      if (!desk) return;
      const { drawer, done, written } = desk;
      desk = null;
      closed = done.then(() => drawer).then((open) => open?.close());
      for (const [cid, { sid }] of written)
        store.change("outbox", sid, (rows) => rows?.filter((row) => row.cid !== cid));
    },

    /** Resolves when what the outbox is now is on the shelf, as far as there is one. */
    async saved(): Promise<void> {
      if (!desk) return;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, writeWithin);
      });
      await Promise.race([desk.done, late]);
      clearTimeout(timer);
    },
  };
}
