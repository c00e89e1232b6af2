import type { Live } from "./live";
import type { Member } from "./model";
import type { ChatStore } from "./store";
import type { SdkParticipant, SdkUser } from "./surface";

/** Names are fetched one by one, and each is a subscription: people of very large rooms beyond this stay with their username. */
const mostNamed = 100;

/** The SDK says after five seconds that somebody has stopped; if that is lost with the connection, we say it. */
const typingEnds = 7_000;

export type People = ReturnType<typeof createPeople>;

const toMember = (participant: SdkParticipant): Member => ({
  sid: participant.sid,
  identity: participant.identity,
  readTo: participant.lastReadMessageIndex,
});

/** Who is in a room, what they are called, and who types. */
export function createPeople(store: ChatStore, live: Live) {
  let asked = new Set<string>();
  const typers = new Map<string, ReturnType<typeof setTimeout>>();

  const know = (user: SdkUser) =>
    store.change("people", user.identity, () => ({
      identity: user.identity,
      name: user.friendlyName || user.identity,
      online: user.isOnline,
    }));

  function name(identities: Iterable<string>): void {
    const { client } = live;
    for (const identity of identities) {
      if (!client || !identity || asked.has(identity) || asked.size >= mostNamed) continue;
      asked.add(identity);
      client.getUser(identity).then(know, () => asked.delete(identity));
    }
  }

  async function load(sid: string): Promise<void> {
    const participants = await live.conversations
      .get(sid)
      ?.getParticipants()
      .catch(() => undefined);
    if (!participants) return;
    store.change("members", sid, () => participants.map(toMember));
    name(participants.flatMap((participant) => participant.identity ?? []));
  }

  function typing(participant: SdkParticipant, on: boolean): void {
    const { identity, sid } = participant;
    if (!identity || identity === store.getState().me?.identity) return;
    clearTimeout(typers.get(sid));
    if (on)
      typers.set(
        sid,
        setTimeout(() => typing(participant, false), typingEnds),
      );
    store.change("typing", participant.conversation.sid, (known = []) => {
      const others = known.filter((typer) => typer !== identity);
      return on ? [...others, identity] : others;
    });
    if (on) name([identity]);
  }

  return {
    /** Fetches the display names of people that are not known yet. */
    name,
    know,
    load,

    joined(participant: SdkParticipant): void {
      store.change(
        "members",
        participant.conversation.sid,
        (members) => members && [...members.filter((member) => member.sid !== participant.sid), toMember(participant)],
      );
      if (participant.identity && store.getState().members[participant.conversation.sid]) name([participant.identity]);
    },

    left(participant: SdkParticipant): void {
      store.change("members", participant.conversation.sid, (members) =>
        members?.filter((member) => member.sid !== participant.sid),
      );
    },

    typing,

    /** A new client has no subscriptions: names are asked again where they are shown. */
    newClient(): void {
      asked = new Set();
      const { openSid } = store.getState();
      store.setState({ typing: {}, members: {} });
      if (openSid) load(openSid);
    },
  };
}
