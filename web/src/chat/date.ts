import type { SdkConversation } from "./surface";

/** The fewest messages that the SDK asks for; an answer with several saves the last steps. */
const probe = 10;

/**
 * The index of the first message written at the moment or after it; null when there is none. Neither the SDK nor REST finds
 * messages by time, but times ascend with the indexes, so a few pages tell.
 */
export async function indexAt(conversation: SdkConversation, newest: number, at: number): Promise<number | null> {
  let [low, high] = [0, newest];
  let found: number | null = null;
  while (low <= high) {
    const middle = Math.floor((low + high) / 2);
    const { items } = await conversation.getMessages(probe, middle, "forward");
    const later = items.find((message) => (message.dateCreated?.getTime() ?? 0) >= at);
    const last = items.at(-1);
    if (later) found = later.index;
    if (later && later !== items[0]) return found; // the one before it on this page was written earlier
    if (later || !last) high = middle - 1;
    else low = last.index + 1;
  }
  return found;
}
