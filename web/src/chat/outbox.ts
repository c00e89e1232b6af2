import { writeAttributes } from "./attributes";
import { findSent, refusalOf, sendFiles } from "./delivery";
import { newId } from "./id";
import { createKeeper } from "./keeper";
import { isOnline, type Live } from "./live";
import type { NewMessage, Outgoing, OutgoingFile } from "./model";
import type { Kept, Shelf } from "./shelf";
import type { ChatStore } from "./store";
import type { SdkConversation, SdkSending } from "./surface";

/** The service answers a repeated cid with the first message for ten minutes; past nine a repeat might be a second message. */
const repeatable = 9 * 60_000;
/** How long a stored message may stay unheard of before the log is fetched again. */
const echoWithin = 5_000;
/** While connected, a send that gets no answer is repeated as often, after 1, 2, 4 … seconds. */
const mostRepeats = 5;

export type Outbox = ReturnType<typeof createOutbox>;

export interface OutboxDeps {
  store: ChatStore;
  live: Live;
  /** Where rows outlive the tab; null for nowhere. */
  shelf: Shelf | null;
  /** Fetches what the log of a room may have missed. */
  refresh: (sid: string) => Promise<void>;
  /** The index of a room's newest message, or less. */
  newest: (sid: string) => number;
  sent: (sid: string, index: number) => void;
  /** The same files when all have been read. */
  ready: (files: OutgoingFile[]) => Promise<OutgoingFile[]>;
}

/**
 * Messages on their way. They leave a room one after another, so their order holds; each keeps its cid for life, so that a
 * repeat is the same message. A row goes only when its message has come back from the server, or the person deletes it.
 */
export function createOutbox({ store, live, shelf, refresh, newest, sent, ready }: OutboxDeps) {
  /** The rooms that this client sends in. */
  let sending = new Set<string>();
  /** Uploads under way, by the cid of their message. */
  const uploading = new Map<string, SdkSending>();
  /** How often each row got no answer since the connection is there. */
  const failures = new Map<string, number>();
  /** Ends the wait before a room's next attempt. */
  const waiting = new Map<string, () => void>();
  let latest = 0;
  const keeper = createKeeper(store, shelf, adopt, resumeAll);

  const rowsOf = (sid: string) => store.getState().outbox[sid] ?? [];
  const rowOf = (sid: string, cid: string) => rowsOf(sid).find((row) => row.cid === cid);
  const patch = (sid: string, cid: string, change: Partial<Outgoing>) =>
    store.change("outbox", sid, (rows) => rows?.map((row) => (row.cid === cid ? { ...row, ...change } : row)));
  const hasArrived = (sid: string, index: number) =>
    store.getState().logs[sid]?.messages.some((message) => message.index === index) ?? false;

  function discard(sid: string, cid: string): void {
    store.change("outbox", sid, (rows) => rows?.filter((row) => row.cid !== cid));
  }

  /** The server has it. */
  function stored(sid: string, cid: string, index: number | null): void {
    failures.delete(cid);
    if (index !== null) sent(sid, index);
    // A webhook may have put another author or other attributes in place: then only the index tells what it became.
    if (index !== null && hasArrived(sid, index)) discard(sid, cid);
    else patch(sid, cid, { status: "sent", ...(index !== null && { index }) });
    setTimeout(() => look(sid, cid), echoWithin);
  }

  /** Fetches a message that was not heard of. If it does not come it lies outside of what is loaded, or was deleted. */
  async function look(sid: string, cid: string): Promise<void> {
    if (!rowOf(sid, cid) || !isOnline(live)) return;
    await refresh(sid);
    if (isOnline(live)) discard(sid, cid);
  }

  async function upload(conversation: SdkConversation, row: Outgoing): Promise<number | null> {
    const tell = (share: number) => uploading.has(row.cid) && store.change("uploads", row.cid, () => share);
    const sending = sendFiles(conversation, row, tell);
    uploading.set(row.cid, sending);
    tell(0);
    try {
      return await sending;
    } finally {
      uploading.delete(row.cid);
      store.change("uploads", row.cid, () => undefined);
    }
  }

  /** Sends a row that the server has not got, as far as can be known. */
  async function attempt(sid: string, conversation: SdkConversation, row: Outgoing, current: () => boolean) {
    const { cid } = row;
    const known = row.tried ? await findSent(conversation, row, store.getState().me?.identity ?? "") : null;
    if (!current()) return;
    if (typeof known === "number") return stored(sid, cid, known);
    const now = Date.now();
    if (known === "unknown" && now - (row.tried?.at ?? 0) > repeatable) return patch(sid, cid, { status: "refused" });
    const files = row.files.length ? await ready(row.files) : row.files;
    const tried = known === "unknown" ? row.tried : { at: now, after: newest(sid) };
    patch(sid, cid, { status: "sending", tried, ...(files.some((file, at) => file !== row.files[at]) && { files }) });
    await keeper.saved();
    const mine = rowOf(sid, cid); // another tab has taken it over, or the person has deleted it
    if (!mine || !current()) return;
    const index = await (mine.files.length
      ? upload(conversation, mine)
      : conversation.sendMessage(mine.text, writeAttributes(mine)));
    if (current()) stored(sid, cid, index);
  }

  /** What becomes of a row whose attempt failed. */
  async function failed(sid: string, cid: string, error: unknown): Promise<void> {
    if (rowOf(sid, cid)?.status === "refused") return; // its upload was stopped
    const reason = refusalOf(error);
    if (reason !== null) return patch(sid, cid, { status: "refused", reason, tried: undefined });
    patch(sid, cid, { status: "cutOff" });
    // The SDK may reject before it reports the lost connection: let it, so that the rows wait for that.
    await new Promise((resolve) => setTimeout(resolve));
    if (!isOnline(live)) return;
    const count = failures.get(cid) ?? 0;
    failures.set(cid, count + 1);
    if (count < mostRepeats) await pause(sid, 1000 * 2 ** count);
    else patch(sid, cid, { status: "refused" });
  }

  const pause = (sid: string, ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      waiting.set(sid, () => {
        clearTimeout(timer);
        resolve();
      });
    }).then(() => waiting.delete(sid));

  async function pump(sid: string): Promise<void> {
    const mine = sending;
    const current = () => mine === sending;
    if (mine.has(sid)) return waiting.get(sid)?.();
    if (!keeper.isReady()) return;
    mine.add(sid);
    try {
      for (;;) {
        // What is behind a row that will be repeated waits for that.
        const row = rowsOf(sid).find(({ status }) => status === "queued" || status === "cutOff");
        const conversation = live.conversations.get(sid);
        if (!row || !conversation || !isOnline(live) || !current()) return;
        await attempt(sid, conversation, row, current).catch((error) =>
          current() ? failed(sid, row.cid, error) : undefined,
        );
      }
    } finally {
      mine.delete(sid);
    }
  }

  /** Connected again, or the room became known: sends what waits and repeats what was cut off, in order. */
  async function resume(sid: string): Promise<void> {
    for (const { cid, status } of rowsOf(sid)) {
      failures.delete(cid);
      if (status === "sent") look(sid, cid);
    }
    await pump(sid);
  }

  function resumeAll(): void {
    for (const sid of Object.keys(store.getState().outbox)) resume(sid);
  }

  /** Rows of tabs that are gone. What those were sending the server may have. */
  function adopt(kept: Kept[]): void {
    const outbox = { ...store.getState().outbox };
    for (const { sid, row } of kept) {
      latest = Math.max(latest, row.createdAt);
      const mine: Outgoing = row.status === "sending" ? { ...row, status: "cutOff" } : row;
      const others = (outbox[sid] ?? []).filter(({ cid }) => cid !== row.cid);
      outbox[sid] = [...others, mine].sort((a, b) => a.createdAt - b.createdAt);
    }
    store.setState({ outbox }); // all at once: what is not in the store is no longer kept
    for (const sid of new Set(kept.map(({ sid }) => sid))) resume(sid);
  }

  return {
    /** Somebody is signed in: finds what they left. */
    enter: (identity: string): void => keeper.open(identity),
    /** Nobody is: what did not get out is kept for the same person. */
    leave: (): void => keeper.close(),
    saved: keeper.saved,

    send(sid: string, message: NewMessage): void {
      latest = Math.max(Date.now(), latest + 1); // tells the order of a tab's rows, also when the clock is set back
      const row: Outgoing = { ...message, cid: newId(), createdAt: latest, status: "queued" };
      store.change("outbox", sid, (rows) => [...(rows ?? []), row]);
      pump(sid);
    },

    /** The person asks for another attempt: the same text under the same cid. */
    async retry(sid: string, cid: string): Promise<void> {
      const row = rowOf(sid, cid);
      if (row?.status !== "cutOff" && row?.status !== "refused") return;
      failures.delete(cid);
      const { tried } = row;
      patch(sid, cid, { status: "queued", reason: undefined, tried: tried && { ...tried, at: Date.now() } });
      await pump(sid);
    },

    discard,

    /** Gives a row that was not sent back to be written anew; null if it is not there, or has got through after all. */
    async takeBack(sid: string, cid: string): Promise<Outgoing | null> {
      const row = rowOf(sid, cid);
      const conversation = live.conversations.get(sid);
      if (row?.tried && conversation && isOnline(live)) {
        const known = await findSent(conversation, row, store.getState().me?.identity ?? "").catch(() => null);
        if (typeof known === "number") stored(sid, cid, known);
      }
      const now = rowOf(sid, cid);
      if (!now || now.status === "sending" || now.status === "sent") return null;
      discard(sid, cid);
      return now;
    },

    /** Stops an upload. When its files are all up it is too late: their message is on its way. */
    cancel(sid: string, cid: string): void {
      if ((store.getState().uploads[cid] ?? 1) === 1) return;
      patch(sid, cid, { status: "refused", reason: undefined, tried: undefined });
      uploading.get(cid)?.cancel();
    },

    resume,

    /** What the client before was sending has no answer to wait for. */
    newClient(): void {
      sending = new Set();
      for (const [sid, rows] of Object.entries(store.getState().outbox)) {
        for (const row of rows) if (row.status === "sending") patch(sid, row.cid, { status: "cutOff" });
      }
    },

    resumeAll,
  };
}
