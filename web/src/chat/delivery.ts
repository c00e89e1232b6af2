import { readAttributes, writeAttributes } from "./attributes";
import type { Outgoing } from "./model";
import type { SdkConversation, SdkSending } from "./surface";
import { watchUploads } from "./uploads";

/** The most that the service gives at once. */
const pageSize = 100;
/** A message that may have been stored is looked for among as many pages of later ones. */
const mostPages = 10;

/** Uploads a message's files, one after another, then sends it. `tell` hears how much of them has gone, from 0 to 1. */
export function sendFiles(conversation: SdkConversation, row: Outgoing, tell: (share: number) => void): SdkSending {
  const blobs = watchUploads(
    row.files.map(({ content }) => content),
    tell,
  );
  const message = conversation.prepareMessage().setAttributes(writeAttributes(row));
  if (row.text) message.setBody(row.text);
  for (const [at, { type, name }] of row.files.entries())
    message.addMedia({ contentType: type, filename: name, media: blobs[at] as Blob });
  return message.build().send();
}

/** The index of a message that was sent before, or may have been; null when the server has not got it. */
export async function findSent(conversation: SdkConversation, row: Outgoing, me: string) {
  let from = (row.tried?.after ?? -1) + 1;
  for (let pages = 0; pages < mostPages; pages++) {
    const page = await conversation.getMessages(pageSize, from, "forward");
    const found = page.items.find(
      ({ author, attributes }) => author === me && readAttributes(attributes).cid === row.cid,
    );
    if (found) return found.index;
    if (!page.hasNextPage || !page.items.length) return null;
    from = (page.items.at(-1)?.index ?? from) + 1;
  }
  return "unknown";
}

/** The server's words if it refused the message for good, else null: then the message may be on disk, or may be tried again. */
export function refusalOf(error: unknown): string | null {
  const { status, body } = (error ?? {}) as { status?: unknown; body?: { message?: unknown } };
  if (typeof status !== "number" || status < 400 || status >= 500 || status === 408 || status === 429) return null;
  return typeof body?.message === "string" ? body.message : "";
}
