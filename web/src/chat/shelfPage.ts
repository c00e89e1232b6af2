import { type Change, createShelf, type Kept, type Rows, type Shelf, type Tabs } from "./shelf";

const name = "roomful-outbox";

/** A row in the database. Its files lie beside it, so that a change of its state does not write them again. */
type Stored = Kept & { cid: string; tab: string };

const done = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("rows", { keyPath: "cid" }).createIndex("identity", "identity");
    opening.result.createObjectStore("files");
  };
  const database = await answer(opening);
  database.onversionchange = () => database.close(); // a newer page is not to wait for this one
  return database;
}

const withoutFiles = (kept: Kept): Kept => ({ ...kept, row: { ...kept.row, files: [] } });

/** Within a transaction requests are asked one after another: it ends when it is not asked again at once. */
function change(transaction: IDBTransaction, tab: string, { cid, kept, withFiles }: Change): void {
  const [rows, files] = [transaction.objectStore("rows"), transaction.objectStore("files")];
  if (!kept) {
    rows.delete(cid);
    files.delete(cid);
    return;
  }
  rows.put({ ...withoutFiles(kept), cid, tab } satisfies Stored);
  if (withFiles) files.put(kept.row.files, cid);
}

function databaseRows(database: Promise<IDBDatabase>): Rows {
  const begin = async (mode: IDBTransactionMode) => (await database).transaction(["rows", "files"], mode);
  const all = (transaction: IDBTransaction, identity: string) =>
    answer<Stored[]>(transaction.objectStore("rows").index("identity").getAll(identity));

  return {
    async tabs(identity) {
      return [...new Set((await all(await begin("readonly"), identity)).map(({ tab }) => tab))];
    },

    async write(tab, changes) {
      const transaction = await begin("readwrite");
      const [rows, lost] = [transaction.objectStore("rows"), [] as string[]];
      for (const next of changes) {
        answer<Stored | undefined>(rows.get(next.cid)).then((stored) => {
          if (stored ? stored.tab === tab : next.isNew) change(transaction, tab, next);
          else if (next.kept) lost.push(next.cid);
        });
      }
      await done(transaction);
      return lost;
    },

    async adopt(identity, from, to) {
      const transaction = await begin("readwrite");
      const found = (await all(transaction, identity)).filter(({ tab }) => tab === from);
      const adopted = found.map(async (stored) => {
        transaction.objectStore("rows").put({ ...stored, tab: to } satisfies Stored);
        const files = await answer(transaction.objectStore("files").get(stored.cid));
        return { ...stored, row: { ...stored.row, files: files ?? [] } };
      });
      const [rows] = await Promise.all([Promise.all(adopted), done(transaction)]);
      return rows;
    },
  };
}

function browserTabs(locks: LockManager): Tabs {
  const channel = new BroadcastChannel(name);
  const lock = (tab: string) => `${name}:${tab}`;
  return {
    hold: (tab) =>
      new Promise((resolve, reject) => {
        const held = () => new Promise<void>((letGo) => resolve(letGo));
        locks.request(lock(tab), held).catch(reject);
      }),
    isGone: (tab) => locks.request(lock(tab), { mode: "shared", ifAvailable: true }, (held) => held !== null),
    gone: (tab, signal) => locks.request(lock(tab), { mode: "shared", signal }, () => {}),
    tell: (tab) => channel.postMessage(tab),
    hear: (told, signal) => channel.addEventListener("message", ({ data }) => told(data), { signal }),
  };
}

/** The browser's; null where it has no database or no locks, as on pages that came by plain HTTP: then rows die with the tab. */
export function pageShelf(): Shelf | null {
  const { locks } = navigator as { locks?: LockManager };
  if (!locks || typeof indexedDB === "undefined" || typeof BroadcastChannel === "undefined") return null;
  const tabs = browserTabs(locks);
  let database: Promise<IDBDatabase> | null = null;
  return {
    open(identity, adopt) {
      database ??= openDatabase();
      return createShelf(databaseRows(database), tabs).open(identity, adopt);
    },
  };
}
