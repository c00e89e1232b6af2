import type { Outgoing } from "./model";
import type { Change, Drawer, Kept, Shelf } from "./shelf";
import type { ChatStore } from "./store";

/** Messages are not held up for longer by a disk that does not answer. */
const answerWithin = 3_000;

/** What `work` comes to, or undefined when that takes too long. */
function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), answerWithin);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

type Entry = { sid: string; row: Outgoing };

/** What this tab has on the shelf, for one person. */
interface Desk {
  identity: string;
  /** Null when there is none after all: then rows live as long as the page. */
  drawer: Promise<Drawer | null>;
  /** What was left there before is in the store. */
  ready: boolean;
  written: Map<string, Entry>;
  /** Settles when all that has changed is written. */
  done: Promise<void>;
  /** There are changes that are not handed over yet. */
  due: boolean;
  /** The outbox as it was when the person left. */
  last?: Map<string, Entry>;
}

function changesOf(identity: string, before: Map<string, Entry>, now: Map<string, Entry>): Change[] {
  const changed = [...now].flatMap(([cid, { sid, row }]) => {
    const old = before.get(cid)?.row;
    return old === row ? [] : { cid, kept: { identity, sid, row }, isNew: !old, withFiles: old?.files !== row.files };
  });
  const gone = [...before.keys()].filter((cid) => !now.has(cid));
  return [...changed, ...gone.map((cid) => ({ cid, kept: null, isNew: false, withFiles: false }))];
}

export type Keeper = ReturnType<typeof createKeeper>;

/**
 * Keeps the store's outbox on the shelf, and puts into it what tabs that are gone left there. `opened` is called when the
 * rows of those that are gone already have been handed over.
 */
export function createKeeper(store: ChatStore, shelf: Shelf | null, adopt: (rows: Kept[]) => void, opened: () => void) {
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

  function write(): void {
    if (!desk || desk.due) return;
    const mine = desk;
    mine.due = true;
    mine.done = mine.done.then(() => handOver(mine)).catch(() => {});
  }

  /** Hands over what has changed meanwhile. */
  async function handOver(mine: Desk): Promise<void> {
    const drawer = await mine.drawer;
    mine.due = false;
    const [before, now] = [mine.written, mine.last ?? entries()];
    const changes = changesOf(mine.identity, before, now);
    if (!drawer || !changes.length) return;
    mine.written = now;
    try {
      for (const cid of await drawer.write(changes)) drop(mine, cid);
    } catch {
      for (const { cid } of changes) mine.written.delete(cid); // written again, as new, with its next change
    }
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
      const mine: Desk = {
        identity,
        drawer: Promise.resolve(null),
        ready: false,
        written: new Map(),
        done: Promise.resolve(),
        due: false,
      };
      desk = mine;
      const take = (rows: Kept[]) => {
        if (desk !== mine) return;
        for (const { sid, row } of rows) mine.written.set(row.cid, { sid, row });
        adopt(rows);
      };
      mine.drawer = inTime(closed.then(() => shelf.open(identity, take)))
        .catch(() => null)
        .then((drawer) => {
          mine.ready = true;
          if (desk === mine) opened();
          return drawer ?? null;
        });
      write();
    },

    /** Nobody is: the rows wait on the shelf for the same person. */
    close(): void {
      if (!desk) return;
      const { drawer, done, written } = desk;
      desk.last = entries();
      desk = null;
      closed = done.then(() => drawer).then((open) => open?.close());
      for (const [cid, { sid }] of written)
        store.change("outbox", sid, (rows) => rows?.filter((row) => row.cid !== cid));
    },

    /** Nothing is to be sent before: what was left on the shelf comes first. */
    isReady: (): boolean => !desk || desk.ready,

    /** Resolves when what the outbox is now is on the shelf, as far as there is one. */
    saved: async (): Promise<void> => {
      if (desk) await inTime(desk.done);
    },
  };
}
