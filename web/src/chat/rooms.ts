import type { History } from "./history";
import type { Live } from "./live";
import type { Room } from "./model";
import type { Notify } from "./notify";
import type { Outbox } from "./outbox";
import type { People } from "./people";
import type { Reading } from "./reading";
import { marksOf } from "./room";
import type { ChatStore } from "./store";
import type { SdkClient, SdkConversation, SdkEvents, SdkMessage } from "./surface";
import type { Unread } from "./unread";
import type { Unreads } from "./unreads";

export type Rooms = ReturnType<typeof createRooms>;

export interface RoomsDeps {
  store: ChatStore;
  live: Live;
  history: History;
  outbox: Outbox;
  people: People;
  unread: Unread;
  reading: Reading;
  unreads: Unreads;
  notify: Notify;
}

/** Translates the SDK's events about rooms, messages and people into the store. */
export function createRooms({ store, live, history, outbox, people, unread, reading, unreads, notify }: RoomsDeps) {
  /** Rooms that this person was seen leaving, by an event that came before the room's removal. */
  const leaving = new Set<string>();
  /** Rooms that this person is going out of, or deletes: nobody need tell them. */
  const departing = new Set<string>();

  /** Our own horizon runs ahead of the SDK's while it is being set, so that is taken over only when it has changed. */
  function upsert(conversation: SdkConversation, withHorizon: boolean): void {
    const marks = marksOf(conversation.attributes, store.getState().me?.identity);
    store.change(
      "rooms",
      conversation.sid,
      (room): Room => ({
        sid: conversation.sid,
        name: conversation.friendlyName || room?.name || conversation.sid,
        ...marks,
        createdBy: conversation.createdBy || null,
        createdAt: conversation.dateCreated?.getTime() ?? null,
        unread: room?.unread ?? null,
        readTo: room && !withHorizon ? room.readTo : conversation.lastReadMessageIndex,
        lastAt: conversation.lastMessage?.dateCreated?.getTime() ?? room?.lastAt ?? null,
        muted: conversation.notificationLevel === "muted",
      }),
    );
  }

  function joined(conversation: SdkConversation): void {
    const { sid } = conversation;
    live.conversations.set(sid, conversation);
    store.change("gone", sid, () => undefined);
    upsert(conversation, true);
    unread.look(conversation);
    const { logs, openSid } = store.getState();
    if (logs[sid]?.loaded) history.refresh(sid, true); // kept from the client before
    if (openSid === sid) open(sid);
    outbox.resume(sid);
  }

  /** `missed`: nobody said that the room is gone, the client has only not found it. Then what was written there stays. */
  function removed(sid: string, missed = false): void {
    const { rooms, openSid, drafts, outbox: sends } = store.getState();
    const room = rooms[sid];
    live.conversations.delete(sid);
    const why = leaving.delete(sid) ? "removed" : "gone";
    const unsent = [...(sends[sid] ?? []).map((row) => row.text), drafts[sid] ?? ""].filter(Boolean).join("\n");
    if (!departing.delete(sid) && (unsent || (room && openSid === sid))) {
      store.change("gone", sid, () => ({ name: room?.name ?? sid, why, unsent }));
    }
    history.forget(sid);
    for (const field of ["rooms", "members", "membersFailed", "typing", "mentions"] as const) {
      store.change(field, sid, () => undefined);
    }
    if (!missed) dropWritten(sid);
  }

  function dropWritten(sid: string): void {
    for (const field of ["outbox", "drafts", "enclosures"] as const) store.change(field, sid, () => undefined);
  }

  function updated(conversation: SdkConversation, reasons: string[]): void {
    if (!live.conversations.has(conversation.sid)) return;
    const moved = reasons.includes("lastReadMessageIndex");
    upsert(conversation, moved);
    if (moved) unread.moved(conversation);
    if (reasons.includes("lastMessage")) unread.told(conversation);
  }

  function messageAdded(message: SdkMessage): void {
    const { sid } = message.conversation;
    const { me, openSid } = store.getState();
    const byOther = message.author !== me?.identity;
    const watched = reading.isWatched(sid);
    history.arrived(sid, message, byOther);
    unread.arrived(sid, message.index, byOther && !watched);
    if (byOther && sid === openSid) reading.arrived(sid, message.index);
    unreads.heard(message);
    notify.arrived(message);
  }

  function messageRemoved(message: SdkMessage): void {
    history.removed(message.conversation.sid, message);
    unread.removed(message.conversation.sid, message.index);
    unreads.removed(message);
  }

  /** The room that was opened and for which the New line is drawn; it waits until the client knows the room. */
  let entered: string | null = null;

  async function open(sid: string): Promise<void> {
    if (!live.conversations.has(sid)) return;
    people.ensure(sid);
    const { openAt, rooms, logs: before } = store.getState();
    if (entered === sid && (before[sid]?.loaded || before[sid]?.loading)) return;
    entered = sid;
    const horizon = rooms[sid]?.readTo ?? null;
    const [newest, to] = [unread.newest(sid), openAt];
    if (to !== null) await history.jump(sid, to, "middle");
    else await history.open(sid, horizon, newest);
    const { logs, openSid } = store.getState();
    if (entered !== sid || openSid !== sid) return;
    if (!logs[sid]?.loaded)
      entered = null; // failed: opened again when asked
    else if (newest > (horizon ?? -1)) reading.drawLine(sid, horizon);
    const line = store.getState().logs[sid]?.line ?? null;
    if (line !== null && to === null) history.jump(sid, line, "third");
  }

  return {
    /** The person goes to a room, to one of its messages perhaps, or to none. */
    enter(sid: string | null, at: number | null): void {
      const { openSid } = store.getState();
      if (sid !== openSid) {
        entered = null;
        reading.left(openSid);
      }
      store.setState({ openSid: sid, openAt: at });
      reading.entered();
      if (sid && entered === sid && at !== null) history.jump(sid, at, "middle");
      else if (sid) open(sid);
    },

    /** The person goes out of a room by their own will, or has not, after all. */
    depart(sid: string, departs: boolean): void {
      if (departs) departing.add(sid);
      else departing.delete(sid);
    },

    /** The person has seen that a room is gone, and what they had written there. */
    leaveGone(sid: string): void {
      store.change("gone", sid, () => undefined);
      if (!live.conversations.has(sid)) dropWritten(sid);
    },

    /** Tries again to load a room that could not be loaded when it was opened. */
    async reopen(sid: string): Promise<void> {
      entered = null;
      await open(sid);
    },

    /** Listens to a client; events of one that was replaced count no more. */
    attach(client: SdkClient): void {
      const on = <E extends keyof SdkEvents>(event: E, handle: SdkEvents[E]) =>
        client.on(event, ((...args: unknown[]) => {
          if (live.client === client) (handle as (...args: unknown[]) => void)(...args);
        }) as SdkEvents[E]);
      on("conversationJoined", joined);
      on("conversationLeft", (conversation) => removed(conversation.sid));
      on("conversationRemoved", (conversation) => removed(conversation.sid));
      on("conversationUpdated", ({ conversation, updateReasons }) => updated(conversation, updateReasons));
      on("messageAdded", messageAdded);
      on("messageUpdated", ({ message }) => {
        history.updated(message.conversation.sid, message);
        unreads.heard(message);
      });
      on("messageRemoved", messageRemoved);
      on("participantJoined", (participant) => people.joined(participant));
      on("participantLeft", (participant) => {
        if (participant.identity === store.getState().me?.identity) leaving.add(participant.conversation.sid);
        people.left(participant);
      });
      on("participantUpdated", ({ participant }) => people.joined(participant));
      on("typingStarted", (participant) => people.typing(participant, true));
      on("typingEnded", (participant) => people.typing(participant, false));
      on("userUpdated", ({ user }) => people.know(user));
      on("userUnsubscribed", (user) => people.dropped(user));
    },

    /**
     * Asks for all rooms after a reconnect. The SDK gives up a room silently when the line breaks while it opens it;
     * asked, it tries again, and tells of it by `conversationJoined` (twice, if it was still opening it).
     */
    async findSkipped(client: SdkClient): Promise<void> {
      try {
        let page = await client.getSubscribedConversations();
        while (live.client === client && page.hasNextPage) page = await page.nextPage();
      } catch {
        // The line broke again: the next reconnect asks again.
      }
    },

    /** The client has told all its rooms: others in the list are no longer this person's. */
    complete(): void {
      const { rooms, outbox, drafts } = store.getState();
      for (const sid of new Set([rooms, outbox, drafts].flatMap(Object.keys))) {
        if (!live.conversations.has(sid)) removed(sid, true);
      }
      store.setState({ roomsReady: true });
    },
  };
}
