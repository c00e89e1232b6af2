import type { Live } from "./live";
import type { Member } from "./model";
import type { ChatStore } from "./store";
import type { SdkConversation, SdkParticipant } from "./surface";

/** The SDK says after five seconds that somebody has stopped; if that is lost with the connection, we say it. */
const typingEnds = 7_000;

const toMember = (participant: SdkParticipant): Member => ({
  sid: participant.sid,
  identity: participant.identity,
  roleSid: participant.roleSid,
  readTo: participant.lastReadMessageIndex,
});

/** Who is in a room, and who types there. `name` makes the names of people known. */
export function createMembers(store: ChatStore, live: Live, name: (identities: Iterable<string>) => void) {
  const typers = new Map<string, ReturnType<typeof setTimeout>>();

  /** Conversations of the current client whose people were asked for. */
  let loaded = new WeakSet<SdkConversation>();

  async function load(sid: string): Promise<void> {
    const conversation = live.conversations.get(sid);
    if (!conversation) return;
    loaded.add(conversation);
    store.change("membersFailed", sid, () => undefined);
    const found = await conversation.getParticipants().catch(() => []);
    if (live.conversations.get(sid) !== conversation) return;
    if (found.length > 0) return store.change("members", sid, () => found.map(toMember));
    loaded.delete(conversation); // oneself at least is there: the SDK answers "nobody" when it was cut off
    store.change("membersFailed", sid, () => true);
  }

  /** Somebody is in the room, or something about them there has changed. */
  function joined(participant: SdkParticipant): void {
    const member = toMember(participant);
    store.change("members", participant.conversation.sid, (members) => {
      if (!members) return members;
      const at = members.findIndex((known) => known.sid === member.sid);
      return at < 0 ? [...members, member] : members.with(at, member);
    });
  }

  function left(participant: SdkParticipant): void {
    typing(participant, false);
    store.change("members", participant.conversation.sid, (members) =>
      members?.filter((member) => member.sid !== participant.sid),
    );
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
    store.change("typing", participant.conversation.sid, (known) => {
      if (!on && !known?.includes(identity)) return known;
      const others = (known ?? []).filter((typer) => typer !== identity);
      return on ? [...others, identity] : others;
    });
    if (on) name([identity]);
  }

  return {
    load,
    /** Loads who is in the room, unless that was done. */
    ensure(sid: string): void {
      const conversation = live.conversations.get(sid);
      if (conversation && !loaded.has(conversation)) load(sid);
    },
    joined,
    left,
    typing,

    /** Who was there stays until the new client has found the room. */
    newClient(): void {
      loaded = new WeakSet();
      store.setState({ typing: {}, membersFailed: {} });
    },
  };
}
