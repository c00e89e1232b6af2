import type { Clock } from "./clock";
import { mentionsIn } from "./mentions";
import type { MessagesApi } from "./messagesApi";
import type { ChatMessage, Reaction } from "./model";
import type { ChatStore } from "./store";

/** How long a deletion can be taken back. */
export const undoWithin = 5_000;
/** What a reaction comes to is heard soon after its answer; until then it is shown as it was meant. */
const echoWithin = 2_000;

export type Acts = ReturnType<typeof createActs>;

interface Deletion {
  sid: string;
  message: string;
  callOff: () => void;
  settle: (done: Promise<void>) => void;
}

/** What people do to messages that are there. Each shows at once, and is taken back when the server refuses it. */
export function createActs(store: ChatStore, http: MessagesApi, clock: Clock) {
  /** Deletions that can still be taken back, by the message's SID. */
  const deletions = new Map<string, Deletion>();
  /** Reactions on their way, by message and emoji: one request at a time, and the last wish counts. */
  const busy = new Set<string>();

  const find = (sid: string, index: number): ChatMessage | undefined =>
    store.getState().logs[sid]?.messages.find((message) => message.index === index);
  const patch = (sid: string, index: number, change: Partial<ChatMessage>) =>
    store.change("logs", sid, (log) => {
      const messages = log?.messages.map((message) => (message.index === index ? { ...message, ...change } : message));
      return log && messages ? { ...log, messages } : log;
    });
  const hide = (message: string, hidden: boolean) => store.change("hidden", message, () => hidden || undefined);
  const wish = (message: string, emoji: string, on: boolean | undefined) =>
    store.change("reacting", message, (wishes = {}) => {
      const { [emoji]: _, ...others } = wishes;
      const after = on === undefined ? others : { ...others, [emoji]: on };
      return Object.keys(after).length > 0 ? after : undefined;
    });
  const wished = (message: string, emoji: string) => store.getState().reacting[message]?.[emoji];

  function carryOut(deletion: Deletion, last = false): Promise<void> {
    deletion.callOff();
    deletions.delete(deletion.message);
    const done = http.remove(deletion.sid, deletion.message, last).catch((error: unknown) => {
      hide(deletion.message, false);
      throw error;
    });
    deletion.settle(done);
    return done;
  }

  async function sendReactions(sid: string, message: string, emoji: string): Promise<void> {
    let sent: boolean | undefined;
    for (;;) {
      const on = wished(message, emoji);
      if (on === undefined || on === sent) break;
      await http.react(sid, message, emoji, on);
      sent = on;
    }
    clock.after(echoWithin, () => {
      if (!busy.has(`${message} ${emoji}`)) wish(message, emoji, undefined);
    });
  }

  return {
    /** The message of this index is being edited in its place; null: none. `text`: what could not be saved before. */
    startEditing: (sid: string, index: number | null, text: string | null = null) =>
      store.change("editing", sid, () => (index === null ? undefined : { index, text })),

    /** Rejects with an ApiError when it was refused; then the text is as before. */
    async edit(sid: string, index: number, text: string): Promise<void> {
      const before = find(sid, index);
      if (!before || before.body === text) return;
      const here = new Set(store.getState().members[sid]?.map(({ identity }) => identity));
      const mentions = mentionsIn(text, (identity) => here.has(identity));
      patch(sid, index, { body: text, mentions, editedAt: Date.now() });
      try {
        await http.edit(sid, before.sid, text, mentions);
      } catch (error) {
        const { body, mentions: named, editedAt } = before;
        if (find(sid, index)?.body === text) patch(sid, index, { body, mentions: named, editedAt });
        throw error;
      }
    },

    /**
     * Takes a message out of the page at once, and deletes it when that can no longer be taken back. Resolves when it is
     * deleted or restored; rejects with an ApiError when it was refused, and the message is shown again.
     */
    remove(sid: string, index: number): Promise<void> {
      const message = find(sid, index)?.sid;
      if (!message || deletions.has(message)) return Promise.resolve();
      hide(message, true);
      return new Promise((settle) => {
        const callOff = clock.after(undoWithin, () => carryOut(deletion).catch(() => {}));
        const deletion: Deletion = { sid, message, callOff, settle };
        deletions.set(message, deletion);
      });
    },

    restore(message: string): void {
      const deletion = deletions.get(message);
      if (!deletion) return;
      deletion.callOff();
      deletions.delete(message);
      hide(message, false);
      deletion.settle(Promise.resolve());
    },

    /** Nobody can take a deletion back any more. `last`: the page goes. */
    async settle(last = false): Promise<void> {
      await Promise.allSettled([...deletions.values()].map((deletion) => carryOut(deletion, last)));
    },

    /** Adds this person's reaction, or takes it back. Rejects with an ApiError when it was refused. */
    async react(sid: string, message: string, emoji: string, on: boolean): Promise<void> {
      const key = `${message} ${emoji}`;
      wish(message, emoji, on);
      if (busy.has(key)) return;
      busy.add(key);
      try {
        await sendReactions(sid, message, emoji);
      } catch (error) {
        wish(message, emoji, undefined);
        throw error;
      } finally {
        busy.delete(key);
      }
    },

    pin: (sid: string, message: string, on: boolean) => http.pin(sid, message, on),
  };
}

/** The reactions as this person means them to be: what the server said, and over it what is on its way. */
export function reactionsWith(told: Reaction[], wishes: Record<string, boolean> | undefined, me: string): Reaction[] {
  if (!wishes) return told;
  const shown = told.map((reaction): Reaction => {
    const on = wishes[reaction.emoji];
    if (on === undefined || on === reaction.people.includes(me)) return reaction;
    const people = on ? [...reaction.people, me] : reaction.people.filter((identity) => identity !== me);
    return { ...reaction, people, count: reaction.count + (on ? 1 : -1) };
  });
  const more = Object.keys(wishes).filter((emoji) => wishes[emoji] && !told.some((known) => known.emoji === emoji));
  return [...shown.filter(({ count }) => count > 0), ...more.map((emoji) => ({ emoji, count: 1, people: [me] }))];
}
