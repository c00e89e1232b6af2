import type { Clock } from "./clock";
import { isOnline, type Live } from "./live";
import { createMembers } from "./members";
import type { Person, Room } from "./model";
import { avatarOf, nameOf } from "./person";
import type { ChatState, ChatStore } from "./store";
import type { SdkUser } from "./surface";

/**
 * The SDK tells what changes about somebody only while it is subscribed to them, and drops the oldest of more than 100
 * subscriptions. So never more are held: it would be somebody who is looked at that it drops.
 */
const mostHeld = 100;
/** Of these, the people who are looked at; the others serve to ask once what somebody is called. */
const mostWatched = 90;
/** Direct messages in view, the latest first; the rest of what is watched are the people of the open room. */
const mostFromMessages = 30;
/** A reload, a tunnel, a phone in a pocket: who is back within this was never away. */
const grace = 10_000;

export type People = ReturnType<typeof createPeople>;

/** People by their latest direct messages, then those of the open room: whom the page shows as there or away. */
export function watched({ rooms, members, openSid, me }: ChatState): string[] {
  const messages = Object.values(rooms).filter((room) => room.kind === "dm");
  messages.sort((a: Room, b: Room) => (b.lastAt ?? b.createdAt ?? 0) - (a.lastAt ?? a.createdAt ?? 0));
  const writers = messages.flatMap((room) => room.others).slice(0, mostFromMessages);
  const here = (openSid ? members[openSid] : undefined)?.flatMap(({ identity }) => identity ?? []) ?? [];
  const all = new Set([...writers, ...here]);
  all.delete(me?.identity ?? "");
  return [...all].slice(0, mostWatched);
}

/** What people are called, what they look like, and whether they are there. */
export function createPeople(store: ChatStore, live: Live, clock: Clock) {
  /** Subscriptions, the one longest unwanted first; null while it is being made. */
  const held = new Map<string, SdkUser | null>();
  /** Whose name somebody wants to know, though they are not watched. */
  const asked = new Set<string>();
  /** Of whom the service knows nothing. */
  let unknown = new Set<string>();
  /** People who went a moment ago, and how to call off that it shows. */
  const going = new Map<string, () => void>();
  const members = createMembers(store, live, name);

  function change(identity: string, update: (person: Person | undefined) => Person): void {
    store.change("people", identity, (before) => {
      const after = update(before);
      const same = before && before.name === after.name && before.avatar === after.avatar;
      return same && before.online === after.online ? before : after;
    });
    const { me, people } = store.getState();
    const name = people[identity]?.name;
    if (name && me?.identity === identity && me.name !== name) store.setState({ me: { ...me, name } });
  }

  const stays = (identity: string) => {
    going.get(identity)?.();
    going.delete(identity);
  };

  /** Takes over what the SDK knows. Who goes is shown as away only when they stay away. */
  function know(user: SdkUser): void {
    const { identity } = user;
    const leaves = user.isOnline === false && store.getState().people[identity]?.online === true;
    if (!leaves) stays(identity);
    else if (!going.has(identity))
      going.set(
        identity,
        clock.after(grace, () => gone(identity)),
      );
    const [name, avatar] = [nameOf(user), avatarOf(user.attributes)];
    change(identity, () => ({ identity, name, avatar, online: leaves ? true : user.isOnline }));
  }

  const gone = (identity: string) => {
    going.delete(identity);
    setOnline(identity, false);
  };

  const setOnline = (identity: string, online: boolean | null) =>
    store.change("people", identity, (person) => (person && person.online !== online ? { ...person, online } : person));

  /** Nothing is heard of them any more: what is known stays, but not whether they are there. */
  function lost(identity: string): void {
    held.delete(identity);
    stays(identity);
    setOnline(identity, null);
  }

  async function subscribe(identity: string): Promise<void> {
    const { client } = live;
    if (!client) return;
    held.set(identity, null);
    try {
      const user = await client.getUser(identity);
      if (live.client !== client) return;
      held.set(identity, user);
      know(user);
    } catch {
      if (live.client !== client) return;
      held.delete(identity);
      if (!isOnline(live)) return; // asked again with the next connection
      unknown.add(identity);
    }
    asked.delete(identity);
    look();
  }

  /** Makes room for one more; false when everybody who is held is wanted or on the way. */
  function makeRoom(wanted: Set<string>): boolean {
    if (held.size < mostHeld) return true;
    for (const [identity, user] of held) {
      if (!user || wanted.has(identity)) continue;
      lost(identity);
      user.unsubscribe().catch(() => {});
      return true;
    }
    return false;
  }

  /** Subscribes to whom the page shows, and asks for the names that it lacks. */
  function look(): void {
    if (!live.client || !isOnline(live)) return;
    const { me } = store.getState();
    const shown = [...(me ? [me.identity] : []), ...watched(store.getState())];
    const wanted = new Set(shown);
    for (const identity of shown) {
      const user = held.get(identity);
      if (user === undefined) continue;
      held.delete(identity); // and last again, as it is wanted now
      held.set(identity, user);
    }
    for (const identity of [...shown, ...asked]) {
      if (held.has(identity) || unknown.has(identity)) continue;
      if (!makeRoom(wanted)) return;
      subscribe(identity);
    }
  }

  let planned = false;
  /** Once for all that happens in one turn: at the start each room is an event of its own. */
  function plan(): void {
    if (planned) return;
    planned = true;
    queueMicrotask(() => {
      planned = false;
      look();
    });
  }

  store.subscribe((now, before) => {
    const changed =
      now.rooms !== before.rooms ||
      now.members !== before.members ||
      now.openSid !== before.openSid ||
      now.connected !== before.connected;
    if (changed) plan();
  });

  /** Has the names of people fetched that are not known yet. */
  function name(identities: Iterable<string>): void {
    const { people, me } = store.getState();
    for (const identity of identities) {
      if (identity && identity !== me?.identity && !people[identity] && !unknown.has(identity)) asked.add(identity);
    }
    if (asked.size > 0) plan();
  }

  return {
    ...members,
    name,
    know,

    /** Who signed in: called so until the SDK tells more. */
    self({ identity, name }: { identity: string; name: string }): void {
      change(identity, (person) => ({ avatar: null, online: null, ...person, identity, name }));
    },

    /** What the chat application says of people of whom the SDK tells nothing. */
    learn(people: Iterable<{ identity: string; name: string; avatar: string | null }>): void {
      for (const { identity, name, avatar } of people) {
        if (held.get(identity)) continue;
        const called = nameOf({ identity, friendlyName: name });
        change(identity, (person) => ({
          identity,
          name: called,
          avatar: avatarOf({ avatar }),
          online: person?.online ?? null,
        }));
      }
    },

    /** The SDK has dropped a subscription, ours or not. */
    dropped(user: SdkUser): void {
      if (held.get(user.identity) === user) lost(user.identity);
    },

    /** A new client has no subscriptions. What the former one told last stays until it is asked anew. */
    newClient(): void {
      held.clear();
      unknown = new Set();
      for (const identity of [...going.keys()]) stays(identity);
      members.newClient();
      const watching = new Set(watched(store.getState()));
      for (const identity of Object.keys(store.getState().people)) {
        if (!watching.has(identity)) setOnline(identity, null);
      }
      plan();
    },
  };
}
