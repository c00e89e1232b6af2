import { newId } from "./id";
import type { Live } from "./live";
import type { Draft, OutgoingFile, Quote } from "./model";
import { type Prepare, preparePicture } from "./picture";
import type { ChatStore } from "./store";

const MB = 1024 * 1024;
/** What the service says unless it was told otherwise; counts until the client knows the room. */
const usual = {
  mediaAttachmentsCountLimit: 10,
  mediaAttachmentSizeLimitInMb: 150,
  mediaAttachmentsTotalSizeLimitInMb: 150,
};
const empty: Draft = { quote: null, files: [] };

/** Why a file was not taken: the key of a sentence, and what goes into it. `limit` is a number of files, or of megabytes. */
export interface FileRefusal {
  key: "files.tooMany" | "files.tooLarge" | "files.tooMuch" | "files.unreadable";
  name: string;
  limit: number;
}

export type Files = ReturnType<typeof createFiles>;

/** What goes with a room's draft besides its text. */
export function createFiles(store: ChatStore, live: Live, prepare: Prepare = preparePicture) {
  /** Files that are still being read, by their ids. They are not sent before. */
  const preparing = new Map<string, Promise<OutgoingFile>>();

  const enclosed = (sid: string): Draft => store.getState().enclosures[sid] ?? empty;
  const change = (sid: string, next: Partial<Draft>) =>
    store.change("enclosures", sid, (draft) => {
      const after = { ...(draft ?? empty), ...next };
      return after.quote || after.files.length ? after : undefined;
    });

  /** The limit that one more file would pass. */
  function refusal(sid: string, { name, size }: File): FileRefusal | null {
    const limits = live.conversations.get(sid)?.limits ?? usual;
    const [count, each, total] = [
      limits.mediaAttachmentsCountLimit,
      limits.mediaAttachmentSizeLimitInMb,
      limits.mediaAttachmentsTotalSizeLimitInMb,
    ];
    const { files } = enclosed(sid);
    const before = files.reduce((sum, file) => sum + file.content.size, 0);
    if (size > each * MB) return { key: "files.tooLarge", name, limit: each };
    if (files.length >= count) return { key: "files.tooMany", name, limit: count };
    if (before + size > total * MB) return { key: "files.tooMuch", name, limit: total };
    return null;
  }

  function detach(sid: string, fileId: string): void {
    change(sid, { files: enclosed(sid).files.filter(({ id }) => id !== fileId) });
  }

  /** Puts a file with the draft at once, and what is known of it when it was read. */
  async function take(sid: string, file: File): Promise<FileRefusal | null> {
    const refused = refusal(sid, file);
    if (refused) return refused;
    const raw: OutgoingFile = {
      id: newId(),
      content: file,
      name: file.name,
      type: file.type || "application/octet-stream",
      width: null,
      height: null,
    };
    change(sid, { files: [...enclosed(sid).files, raw] });
    const prepared = prepare(file).then((found) => ({ ...raw, ...found }));
    preparing.set(raw.id, prepared);
    try {
      const whole = await prepared;
      change(sid, { files: enclosed(sid).files.map((known) => (known.id === raw.id ? whole : known)) });
      return null;
    } catch {
      detach(sid, raw.id);
      return { key: "files.unreadable", name: file.name, limit: 0 };
    } finally {
      preparing.delete(raw.id);
    }
  }

  return {
    /** Adds files to what goes with the draft. Resolves with those that were not taken, and why. */
    async attach(sid: string, files: File[]): Promise<FileRefusal[]> {
      const answers = await Promise.all(files.map((file) => take(sid, file)));
      return answers.filter((answer) => answer !== null);
    },

    detach,

    setQuote: (sid: string, quote: Quote | null): void => change(sid, { quote, silent: false }),

    /** Whether the author of what the draft answers to is not told. */
    setSilent: (sid: string, silent: boolean): void => change(sid, { silent }),

    /** Takes what goes with the draft away from it. The files may still be being read: see `ready`. */
    collect(sid: string): Draft {
      const draft = enclosed(sid);
      store.change("enclosures", sid, () => undefined);
      return draft;
    },

    /** Puts back what went with a message that is written anew. What the person has chosen meanwhile comes behind. */
    giveBack(sid: string, { quote, files }: Draft): void {
      const now = enclosed(sid);
      change(sid, { quote: now.quote ?? quote, files: [...files, ...now.files] });
    },

    /** The same files when all are read; it rejects if one cannot be. */
    ready: (files: OutgoingFile[]): Promise<OutgoingFile[]> =>
      Promise.all(files.map((file) => preparing.get(file.id) ?? file)),
  };
}
