import type { History } from "./history";
import type { Live } from "./live";
import type { Room } from "./model";
import type { Outbox } from "./outbox";
import type { People } from "./people";
import type { ChatStore } from "./store";
import type { SdkClient, SdkConversation, SdkEvents, SdkMessage } from "./surface";

export type Rooms = ReturnType<typeof createRooms>;

/** Translates the SDK's events about rooms, messages and people into the store. */
export function createRooms(store: ChatStore, live: Live, history: History, outbox: Outbox, people: People) {
  /** Rooms that this person was seen leaving, by an event that came before the room's removal. */
  const leaving = new Set<string>();

  function upsert(conversation: SdkConversation): void {
    const attributes = (conversation.attributes ?? {}) as { visibility?: unknown };
    store.change(
      "rooms",
      conversation.sid,
      (room): Room => ({
        sid: conversation.sid,
        name: conversation.friendlyName || room?.name || conversation.sid,
        isPrivate: attributes.visibility === "private",
        createdBy: conversation.createdBy || null,
        createdAt: conversation.dateCreated?.getTime() ?? null,
        unread: room?.unread ?? false,
      }),
    );
  }

  function joined(conversation: SdkConversation): void {
    const { sid } = conversation;
    live.conversations.set(sid, conversation);
    store.change("gone", sid, () => undefined);
    upsert(conversation);
    if (store.getState().logs[sid]?.loaded) history.refresh(sid); // kept from the client before
    if (store.getState().openSid === sid) open(sid);
    outbox.resume(sid);
  }

  function removed(sid: string): void {
    const { rooms, openSid, drafts, outbox: sends } = store.getState();
    const room = rooms[sid];
    live.conversations.delete(sid);
    const why = leaving.delete(sid) ? "removed" : "gone";
    const unsent = [...(sends[sid] ?? []).map((row) => row.text), drafts[sid] ?? ""].filter(Boolean).join("\n");
    if (room && (openSid === sid || unsent)) {
      store.change("gone", sid, () => ({ name: room.name, why, unsent }));
    }
    for (const field of ["rooms", "logs", "outbox", "members", "typing", "drafts"] as const) {
      store.change(field, sid, () => undefined);
    }
  }

  function messageAdded(message: SdkMessage): void {
    const { sid } = message.conversation;
    const { me, openSid } = store.getState();
    history.arrived(sid, message);
    if (message.author === me?.identity) return;
    const seen = openSid === sid && document.visibilityState === "visible";
    if (!seen) store.change("rooms", sid, (room) => room && { ...room, unread: true });
  }

  function open(sid: string): void {
    store.change("rooms", sid, (room) => (room?.unread ? { ...room, unread: false } : room));
    history.open(sid);
    if (!store.getState().members[sid]) people.load(sid);
  }

  return {
    open,

    /** Listens to a client; events of one that was replaced count no more. */
    attach(client: SdkClient): void {
      const on = <E extends keyof SdkEvents>(event: E, handle: SdkEvents[E]) =>
        client.on(event, ((...args: unknown[]) => {
          if (live.client === client) (handle as (...args: unknown[]) => void)(...args);
        }) as SdkEvents[E]);
      on("conversationJoined", joined);
      on("conversationLeft", (conversation) => removed(conversation.sid));
      on("conversationRemoved", (conversation) => removed(conversation.sid));
      on("conversationUpdated", ({ conversation }) => {
        if (live.conversations.has(conversation.sid)) upsert(conversation);
      });
      on("messageAdded", messageAdded);
      on("messageUpdated", ({ message }) => history.updated(message.conversation.sid, message));
      on("messageRemoved", (message) => history.removed(message.conversation.sid, message));
      on("participantJoined", (participant) => people.joined(participant));
      on("participantLeft", (participant) => {
        if (participant.identity === store.getState().me?.identity) leaving.add(participant.conversation.sid);
        people.left(participant);
      });
      on("participantUpdated", ({ participant }) => people.joined(participant));
      on("typingStarted", (participant) => people.typing(participant, true));
      on("typingEnded", (participant) => people.typing(participant, false));
      on("userUpdated", ({ user }) => people.know(user));
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
      for (const sid of Object.keys(store.getState().rooms)) {
        if (!live.conversations.has(sid)) removed(sid);
      }
      store.setState({ roomsReady: true });
    },
  };
}
