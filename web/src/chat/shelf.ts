import { newId } from "./id";
import type { Outgoing } from "./model";

/** A message on its way, as it is kept while its tab may die. */
export interface Kept {
  identity: string;
  /** The room. */
  sid: string;
  row: Outgoing;
}

/** What became of a row. `kept` is null for one that is not to be kept any longer. */
export interface Change {
  cid: string;
  kept: Kept | null;
  /** It was never written before, so that nobody can have taken it over. */
  isNew: boolean;
  /** Its files are to be written, too; they do not change when the rest does. */
  withFiles: boolean;
}

/** Rows of all people and tabs of a browser. Each call is one step: it happens whole, or not at all. */
export interface Rows {
  /** Which tabs have rows of this person. */
  tabs(identity: string): Promise<string[]>;
  /** Writes rows that are this tab's. Resolves with those that are another's by now, which it leaves alone. */
  write(tab: string, changes: Change[]): Promise<string[]>;
  /** Makes the rows of a tab that is gone another's; resolves with them. */
  adopt(identity: string, from: string, to: string): Promise<Kept[]>;
}

/** The tabs of a browser, each of which holds a name until it lets go of it, or dies. */
export interface Tabs {
  /** Resolves when the name is held, with how to let go. */
  hold(name: string): Promise<() => void>;
  /** Whether nobody holds the name. */
  isGone(name: string): Promise<boolean>;
  /** Resolves when nobody holds the name. */
  gone(name: string, signal: AbortSignal): Promise<void>;
  /** Tells the other tabs this one's name. */
  tell(name: string): void;
  /** Calls back with the name that another tab tells. */
  hear(told: (name: string) => void, signal: AbortSignal): void;
}

/** One person's part, as one tab has it. */
export interface Drawer {
  write(changes: Change[]): Promise<string[]>;
  /** Leaves the rows to whoever comes next; resolves when they can be had. */
  close(): Promise<void>;
}

/**
 * Where rows outlive their tab. `adopt` is given the rows of tabs that are gone: those that are gone now before the promise
 * resolves, and of others as soon as they go.
 */
export interface Shelf {
  open(identity: string, adopt: (rows: Kept[]) => void): Promise<Drawer>;
}

/** A row belongs to one tab, which alone sends it; who finds that tab gone takes the row over, and of many only one does. */
export function createShelf(rows: Rows, tabs: Tabs): Shelf {
  return {
    async open(identity, adopt) {
      const own = newId();
      const closing = new AbortController();
      const { signal } = closing;
      const letGo = await tabs.hold(own);
      const known = new Set([own]);

      let inheriting: Promise<unknown> = Promise.resolve();

      async function inherit(tab: string): Promise<void> {
        if (signal.aborted) return;
        const adopting = rows.adopt(identity, tab, own);
        inheriting = Promise.allSettled([inheriting, adopting]);
        const found = await adopting;
        // Closed meanwhile: the rows belong to this tab, which will be gone, so the next one finds them.
        if (found.length && !signal.aborted) adopt(found);
      }

      /** Tabs that live know of each other: whoever is told a new name tells its own. */
      function watch(tab: string): void {
        if (known.has(tab)) return;
        known.add(tab);
        tabs.tell(own);
        tabs
          .gone(tab, signal)
          .then(() => inherit(tab))
          .catch(() => {}); // closed, or the database is
      }

      tabs.hear(watch, signal);
      tabs.tell(own);
      for (const tab of await rows.tabs(identity)) {
        if (!known.has(tab) && (await tabs.isGone(tab))) await inherit(tab);
      }
      return {
        write: (changes) => rows.write(own, changes),
        async close(): Promise<void> {
          closing.abort();
          await inheriting;
          letGo();
        },
      };
    },
  };
}
