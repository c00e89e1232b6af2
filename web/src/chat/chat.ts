import { createActs } from "./acts";
import type { Api } from "./api";
import { type Attention, pageAttention } from "./attention";
import { type Clock, pageClock } from "./clock";
import { indexAt } from "./date";
import { createDrafts, type DraftStorage, pageStorage } from "./drafts";
import { createFiles } from "./files";
import { createFileUrls } from "./fileUrls";
import { createHistory } from "./history";
import { isOnline, type Live } from "./live";
import { mentionsIn } from "./mentions";
import { toMessage } from "./messages";
import { type MessagesApi, messagesApi } from "./messagesApi";
import type { ChatMessage, Level, Place, Quote } from "./model";
import { createNotify, noPopups, type Popups } from "./notify";
import { createOutbox } from "./outbox";
import { createPeople } from "./people";
import { createReading } from "./reading";
import { createRooms } from "./rooms";
import { createSession } from "./session";
import type { Shelf } from "./shelf";
import { pageShelf } from "./shelfPage";
import { createChatStore } from "./store";
import type { Connect } from "./surface";
import { createUnread } from "./unread";
import { createUnreads } from "./unreads";

export type Chat = ReturnType<typeof createChat>;

export interface ChatDeps {
  api: Api;
  messages?: MessagesApi;
  connect: Connect;
  attention?: Attention;
  clock?: Clock;
  /** Where what did not get out is kept. */
  shelf?: Shelf | null;
  storage?: DraftStorage;
  popups?: Popups;
}

/** Puts the chat together: a store that components read, and the actions that they call. */
export function createChat(deps: ChatDeps) {
  const { api, messages = messagesApi, connect, attention = pageAttention, clock = pageClock } = deps;
  const { shelf = pageShelf(), storage = pageStorage(), popups = noPopups } = deps;
  const store = createChatStore();
  const live: Live = { client: null, conversations: new Map() };
  const people = createPeople(store, live, clock);
  const history = createHistory(store, live, people.name);
  const unread = createUnread(store, live);
  const reading = createReading(store, live, unread, attention);
  const files = createFiles(store, live);
  const fileUrls = createFileUrls(live);
  const outbox = createOutbox({
    ...{ store, live, shelf, refresh: history.refresh },
    ...{ newest: unread.newest, sent: reading.sent, ready: files.ready },
  });
  const drafts = createDrafts(store, storage, clock, outbox.saved);
  const unreads = createUnreads(store, messages, clock, attention);
  const notify = createNotify(store, attention, popups, clock);
  const rooms = createRooms({ store, live, history, outbox, people, unread, reading, unreads, notify });
  const acts = createActs(store, messages, clock);
  const session = createSession({ api, connect, store, live, rooms, history, outbox, drafts, people, reading });

  return {
    store,
    ...session,
    /** Whether what was not sent outlives the page, and signing out. */
    keeps: shelf !== null,
    async signOut(): Promise<void> {
      await acts.settle(); // nobody may delete any more
      await session.signOut();
    },
    /** The page goes, perhaps for good. */
    leavesPage: () => acts.settle(true),

    /** The room that the person looks at, at one of its messages perhaps; null for none. */
    openRoom: (sid: string | null, at: number | null = null) => rooms.enter(sid, at),
    /** The person is about to leave a room, or to delete it; called again when that failed. */
    depart: (sid: string, departs: boolean) => rooms.depart(sid, departs),
    leaveGone: (sid: string) => rooms.leaveGone(sid),

    /** Tries again to find out who is in a room. */
    reloadMembers: (sid: string) => people.load(sid),
    /** Has the names of people fetched. */
    nameAll: (identities: Iterable<string>) => people.name(identities),
    /** Takes over what the chat application said of people. */
    learn: people.learn,

    loadOlder: (sid: string) => history.older(sid),
    loadNewer: (sid: string) => history.newer(sid),
    /** Tries again the load that failed. */
    reload: (sid: string) => (store.getState().logs[sid]?.loaded ? history.retry(sid) : rooms.reopen(sid)),
    /** Takes the reader to a message; to the New line if it is that one. */
    jump: (sid: string, index: number) =>
      history.jump(sid, index, store.getState().logs[sid]?.line === index ? "third" : "middle"),
    toLatest: (sid: string) => history.toLatest(sid),
    /** Takes the reader to the first message of a moment or after it; false when there is none. */
    async jumpToDate(sid: string, at: number): Promise<boolean> {
      const conversation = live.conversations.get(sid);
      const index = conversation ? await indexAt(conversation, unread.newest(sid), at) : null;
      if (index !== null) await history.jump(sid, index, "third");
      return index !== null;
    },
    /** A message, also one that is not loaded; null when it is not there any more. */
    async messageAt(sid: string, index: number): Promise<ChatMessage | null> {
      const page = await live.conversations.get(sid)?.getMessages(1, index, "forward");
      const [found] = page?.items ?? [];
      if (found?.index !== index) return null;
      people.name([found.author ?? ""]);
      return toMessage(found);
    },
    arrivedAt: (sid: string) => history.arrivedAt(sid),
    leftAt: (sid: string, place: Place) => history.leftAt(sid, place),

    /** What the open log shows: the last row in view, and whether that is the room's end. */
    sees(sid: string, index: number | null, atEnd: boolean): void {
      history.atEnd(sid, atEnd);
      reading.sees(sid, index);
    },
    /** What this person is told of a room. Rejects when it could not be saved. */
    async setLevel(sid: string, level: Level | "muted"): Promise<void> {
      const muted = store.getState().rooms[sid]?.muted ?? false;
      if (level !== "muted") await unreads.setLevel(sid, level);
      if (muted !== (level === "muted"))
        await live.conversations.get(sid)?.setUserNotificationLevel(muted ? "default" : "muted");
    },
    /** Where a press on a notification leads. */
    onNotice: notify.onOpen,
    markUnread: (sid: string, index: number) => reading.markUnread(sid, index),
    markRead: (sid: string) => reading.markRead(sid),
    markAllRead: () => reading.markAllRead(),

    /** Sends a text with what goes with the room's draft. */
    send(sid: string, text: string): void {
      const here = new Set(store.getState().members[sid]?.map(({ identity }) => identity));
      reading.sends(sid);
      const mentions = new Set(mentionsIn(text, (identity) => here.has(identity)));
      const { silent, ...enclosed } = files.collect(sid);
      const answered = silent ? undefined : enclosed.quote?.author;
      if (answered && answered !== store.getState().me?.identity && here.has(answered)) mentions.add(answered);
      outbox.send(sid, { text, mentions: [...mentions], ...enclosed });
      history.toLatest(sid);
    },
    startEditing: acts.startEditing,
    edit: acts.edit,
    remove: acts.remove,
    restore: acts.restore,
    react: acts.react,
    pin: acts.pin,
    retry: (sid: string, cid: string) => outbox.retry(sid, cid),
    discard: (sid: string, cid: string) => outbox.discard(sid, cid),
    /** Takes a message that did not get out back into the composer. */
    async revise(sid: string, cid: string): Promise<void> {
      const row = await outbox.takeBack(sid, cid);
      if (!row) return;
      files.giveBack(sid, row);
      store.change("drafts", sid, (draft) => (draft ? `${row.text}\n${draft}` : row.text) || undefined);
    },

    /** Adds files to what goes with a room's draft. Resolves with those that were not taken, and why. */
    attach: (sid: string, chosen: File[]) => files.attach(sid, chosen),
    detach: (sid: string, fileId: string) => files.detach(sid, fileId),
    /** What the room's draft answers to. */
    setQuote: (sid: string, quote: Quote | null) => files.setQuote(sid, quote),
    /** Whether the author of what the draft answers to is not told. */
    setSilent: (sid: string, silent: boolean) => files.setSilent(sid, silent),
    /** Stops the upload of a message's files; the message stays as one that was not sent. */
    cancelUpload: (sid: string, cid: string) => outbox.cancel(sid, cid),
    /** Where a file of a message can be fetched from, by the SID of its medium. */
    fileUrl: (mediaSid: string) => fileUrls.get(mediaSid),

    setDraft: (sid: string, text: string) => store.change("drafts", sid, () => text || undefined),
    typing(sid: string): void {
      if (isOnline(live))
        live.conversations
          .get(sid)
          ?.typing()
          .catch(() => {});
    },
  };
}
