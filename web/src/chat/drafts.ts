import { readAttributes } from "./attributes";
import type { Clock } from "./clock";
import type { Quote } from "./model";
import type { ChatStore } from "./store";

/** A draft is saved so long after it was changed. */
const saveAfter = 400;
/** Of each person; the oldest go. */
const mostDrafts = 50;
/** Nothing longer can be sent. */
const longest = 32_768;

/** The browser's storage, or some that lives as long as the page where that is forbidden. */
export type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem"> & { keys(): string[] };

export function memoryStorage(): DraftStorage {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    keys: () => [...items.keys()],
  };
}

export function pageStorage(): DraftStorage {
  try {
    const { localStorage } = window;
    return {
      getItem: (key) => localStorage.getItem(key),
      setItem: (key, value) => localStorage.setItem(key, value),
      removeItem: (key) => localStorage.removeItem(key),
      keys: () => Object.keys(localStorage),
    };
  } catch {
    return memoryStorage();
  }
}

interface Saved {
  text: string;
  quote: Quote | null;
  /** The quoted author is not told. */
  silent: boolean;
  at: number;
}

export type Drafts = ReturnType<typeof createDrafts>;

/**
 * Keeps what is typed over the end of the page: a draft a room, of which each tab writes only what was typed in it. `safe`
 * resolves when what was sent is kept elsewhere.
 */
export function createDrafts(store: ChatStore, storage: DraftStorage, clock: Clock, safe: () => Promise<void>) {
  let identity: string | null = null;
  /** What this tab has read or written last, by room: another tab may have written something else since. */
  const known = new Map<string, string>();
  const changed = new Set<string>();
  let callOff: (() => void) | null = null;

  const keyOf = (sid: string) => `draft:${identity}:${sid}`;
  const now = (sid: string) => {
    const { drafts, enclosures } = store.getState();
    const { quote = null, silent = false } = enclosures[sid] ?? {};
    return { text: drafts[sid] ?? "", quote, silent };
  };

  store.subscribe((state, before) => {
    if (identity === null || (state.drafts === before.drafts && state.enclosures === before.enclosures)) return;
    const rooms = [state.drafts, before.drafts, state.enclosures, before.enclosures].flatMap(Object.keys);
    for (const sid of new Set(rooms)) {
      const [now, then] = [state.enclosures[sid], before.enclosures[sid]];
      const enclosed = now?.quote !== then?.quote || now?.silent !== then?.silent; // files are not saved
      if (enclosed || state.drafts[sid] !== before.drafts[sid]) change(sid);
    }
  });

  function change(sid: string): void {
    const { text, quote } = now(sid);
    const person = identity;
    changed.delete(sid);
    if (text || quote) {
      changed.add(sid);
      callOff ??= clock.after(saveAfter, flush);
    } else queueMicrotask(() => remove(sid, person)); // it is only then that its message is in the outbox
  }

  /** What was sent must not come back, and not be lost either. */
  async function remove(sid: string, person: string | null): Promise<void> {
    await safe();
    if (identity === person && !changed.has(sid)) save(sid);
  }

  function flush(): void {
    callOff?.();
    callOff = null;
    for (const sid of changed) save(sid);
  }

  function save(sid: string): void {
    changed.delete(sid);
    const { text, quote, silent } = now(sid);
    const key = keyOf(sid);
    if (!text && !quote) {
      if (storage.getItem(key) === known.get(sid)) storage.removeItem(key);
      known.delete(sid);
      return;
    }
    const re = quote && { sid: quote.sid, i: quote.index, a: quote.author, t: quote.text };
    const value = JSON.stringify({ text: text.slice(0, longest), re, silent, at: Date.now() });
    try {
      storage.setItem(key, value);
      known.set(sid, value);
    } catch {
      // Full: the draft lives as long as the page.
    }
    prune();
  }

  function read(key: string): Saved | null {
    try {
      const value = JSON.parse(storage.getItem(key) ?? "");
      if (typeof value?.text !== "string" || typeof value.at !== "number") return null;
      return { text: value.text, quote: readAttributes(value).quote, silent: value.silent === true, at: value.at };
    } catch {
      return null;
    }
  }

  const keys = (start: string) => storage.keys().filter((key) => key.startsWith(start));

  function prune(): void {
    const own = keys(keyOf(""));
    if (own.length <= mostDrafts) return;
    const ages = own.map((key) => ({ key, at: read(key)?.at ?? 0 })).sort((a, b) => b.at - a.at);
    for (const { key } of ages.slice(mostDrafts)) storage.removeItem(key);
  }

  function restore(sid: string): void {
    const saved = read(keyOf(sid));
    const { text, quote } = now(sid);
    if (!saved || text || quote) return;
    const quoted = saved.quote && { quote: saved.quote, silent: saved.silent };
    known.set(sid, storage.getItem(keyOf(sid)) ?? "");
    store.change("drafts", sid, () => saved.text || undefined);
    store.change("enclosures", sid, (draft) => (quoted ? { files: [], ...draft, ...quoted } : draft));
    changed.delete(sid);
  }

  window.addEventListener("pagehide", flush);

  return {
    /** Somebody is signed in: what they typed comes back, and what others typed on this browser goes. */
    enter(person: string): void {
      identity = person;
      const own = keyOf("");
      for (const key of keys("draft:")) {
        if (key.startsWith(own)) restore(key.slice(own.length));
        else storage.removeItem(key);
      }
    },

    /** Nobody comes back for what was typed. */
    forget(): void {
      for (const key of keys(keyOf(""))) storage.removeItem(key);
    },

    /** What is in the store from now on is no longer theirs. */
    leave(): void {
      flush();
      identity = null;
      known.clear();
    },
  };
}
