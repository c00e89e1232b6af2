import { writeAttributes } from "./attributes";
import { newId } from "./id";
import { isOnline, type Live } from "./live";
import type { NewMessage, Outgoing, OutgoingFile } from "./model";
import type { ChatStore } from "./store";
import type { SdkConversation, SdkSending } from "./surface";
import { watchUploads } from "./uploads";

/** The service answers a repeated cid with the first message for ten minutes; past nine we leave the repeat to the person. */
const repeatable = 9 * 60_000;
/** How long a stored message may stay unheard of before the log is fetched again. */
const echoWithin = 5_000;

export type Outbox = ReturnType<typeof createOutbox>;

/**
 * Messages on their way. They leave a room one after another, so their order holds; each keeps its cid for life, so that a
 * repeat is the same message. A row goes only when its message has come back from the server, or the person deletes it.
 */
export function createOutbox(
  store: ChatStore,
  live: Live,
  refresh: (sid: string) => Promise<void>,
  sent: (sid: string, index: number) => void,
  ready: (files: OutgoingFile[]) => Promise<OutgoingFile[]>,
) {
  let sending = new Set<string>();
  /** Uploads under way, by the cid of their message. */
  const uploading = new Map<string, SdkSending>();

  const patch = (sid: string, cid: string, change: Partial<Outgoing>) =>
    store.change("outbox", sid, (rows) => rows?.map((row) => (row.cid === cid ? { ...row, ...change } : row)));
  const rowsOf = (sid: string) => store.getState().outbox[sid] ?? [];
  const hasArrived = (sid: string, index: number) =>
    store.getState().logs[sid]?.messages.some((message) => message.index === index) ?? false;

  function discard(sid: string, cid: string): void {
    store.change("outbox", sid, (rows) => rows?.filter((row) => row.cid !== cid));
  }

  /** Sends a message with its files. The SDK uploads them one after another, then names them in the message. */
  async function upload(conversation: SdkConversation, row: Outgoing): Promise<number | null> {
    const files = await ready(row.files);
    const blobs = watchUploads(
      files.map(({ content }) => content),
      (share) => store.change("uploads", row.cid, () => share),
    );
    const message = conversation.prepareMessage().setAttributes(writeAttributes({ ...row, files }));
    if (row.text) message.setBody(row.text);
    for (const [at, { type, name }] of files.entries())
      message.addMedia({ contentType: type, filename: name, media: blobs[at] as Blob });
    const sending = message.build().send();
    uploading.set(row.cid, sending);
    store.change("uploads", row.cid, () => 0);
    try {
      return await sending;
    } finally {
      uploading.delete(row.cid);
      store.change("uploads", row.cid, () => undefined);
    }
  }

  async function pump(sid: string): Promise<void> {
    const mine = sending;
    if (mine.has(sid)) return;
    mine.add(sid);
    try {
      for (;;) {
        const row = rowsOf(sid).find((entry) => entry.status === "queued");
        const conversation = live.conversations.get(sid);
        if (!row || !conversation || !isOnline(live)) return;
        patch(sid, row.cid, { status: "sending" });
        try {
          const index = row.files.length
            ? await upload(conversation, row)
            : await conversation.sendMessage(row.text, writeAttributes(row));
          if (mine !== sending) return;
          if (index !== null) sent(sid, index);
          // A webhook may have put another author or other attributes in place: then only the index tells what it became.
          if (index !== null && hasArrived(sid, index)) discard(sid, row.cid);
          else patch(sid, row.cid, { status: "sent", ...(index !== null && { index }) });
          setTimeout(() => rowsOf(sid).some((entry) => entry.cid === row.cid) && refresh(sid), echoWithin);
        } catch (error) {
          if (mine !== sending) return;
          const refusal = refusalOf(error);
          if (rowsOf(sid).find((entry) => entry.cid === row.cid)?.status === "refused") continue; // its upload was cancelled
          patch(sid, row.cid, refusal === null ? { status: "cutOff" } : { status: "refused", reason: refusal });
          // The SDK may reject before it reports the lost connection: let it, so that the rows behind wait their turn.
          await new Promise((resolve) => setTimeout(resolve));
        }
      }
    } finally {
      mine.delete(sid);
    }
  }

  return {
    send(sid: string, message: NewMessage): void {
      const row: Outgoing = { ...message, cid: newId(), createdAt: Date.now(), status: "queued" };
      store.change("outbox", sid, (rows) => [...(rows ?? []), row]);
      pump(sid);
    },

    /** The person asks for another attempt: the same text under the same cid. */
    async retry(sid: string, cid: string): Promise<void> {
      // Where the service does not know repeats, the message may be in the log already.
      if (isOnline(live)) await refresh(sid);
      patch(sid, cid, { status: "queued" });
      await pump(sid);
    },

    discard,

    /** Gives a row that was not sent back to be written anew; null if it is not there, or has got through after all. */
    async takeBack(sid: string, cid: string): Promise<Outgoing | null> {
      if (isOnline(live)) await refresh(sid);
      const row = rowsOf(sid).find((entry) => entry.cid === cid);
      if (!row || row.status === "sending" || row.status === "sent") return null;
      discard(sid, cid);
      return row;
    },

    /** Stops an upload. When its files are all up it is too late: their message is on its way. */
    cancel(sid: string, cid: string): void {
      if ((store.getState().uploads[cid] ?? 1) === 1) return;
      patch(sid, cid, { status: "refused", reason: "" });
      uploading.get(cid)?.cancel();
    },

    /** Connected again, or the room became known: sends what waits and repeats what was cut off, in order. */
    async resume(sid: string): Promise<void> {
      if (!rowsOf(sid).length) return;
      await refresh(sid); // takes out the rows whose message got through
      for (const row of rowsOf(sid)) {
        if (row.status === "cutOff" && Date.now() - row.createdAt < repeatable)
          patch(sid, row.cid, { status: "queued" });
      }
      await pump(sid);
    },

    /** What the client before was sending has no answer to wait for. */
    newClient(): void {
      sending = new Set();
      for (const [sid, rows] of Object.entries(store.getState().outbox)) {
        for (const row of rows) if (row.status === "sending") patch(sid, row.cid, { status: "cutOff" });
      }
    },

    resumeAll(): void {
      for (const sid of Object.keys(store.getState().outbox)) this.resume(sid);
    },
  };
}

/** The server's words if it refused the message for good, else null: then the message may be on disk, or may be tried again. */
function refusalOf(error: unknown): string | null {
  const { status, body } = (error ?? {}) as { status?: unknown; body?: { message?: unknown } };
  if (typeof status !== "number" || status < 400 || status >= 500 || status === 408 || status === 429) return null;
  return typeof body?.message === "string" ? body.message : "";
}
