import type { Api } from "./api";
import { createHistory } from "./history";
import { isOnline, type Live } from "./live";
import { createOutbox } from "./outbox";
import { createPeople } from "./people";
import { createRooms } from "./rooms";
import { createSession } from "./session";
import { createChatStore } from "./store";
import type { Connect } from "./surface";

export type Chat = ReturnType<typeof createChat>;

/** Puts the chat together: a store that components read, and the actions that they call. */
export function createChat({ api, connect }: { api: Api; connect: Connect }) {
  const store = createChatStore();
  const live: Live = { client: null, conversations: new Map() };
  const people = createPeople(store, live);
  const history = createHistory(store, live, people.name);
  const outbox = createOutbox(store, live, history.refresh);
  const rooms = createRooms(store, live, history, outbox, people);
  const session = createSession({ api, connect, store, live, rooms, history, outbox, people });

  return {
    store,
    ...session,

    /** The room that the person looks at; null for none. */
    openRoom(sid: string | null): void {
      if (sid !== store.getState().openSid) store.setState({ openSid: sid });
      if (sid) rooms.open(sid);
    },
    leaveGone: (sid: string) => store.change("gone", sid, () => undefined),
    loadLatest: (sid: string) => history.open(sid),
    loadOlder: (sid: string) => history.older(sid),
    trim: (sid: string) => history.trim(sid),

    send: (sid: string, text: string) => outbox.send(sid, text),
    retry: (sid: string, cid: string) => outbox.retry(sid, cid),
    discard: (sid: string, cid: string) => outbox.discard(sid, cid),

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
