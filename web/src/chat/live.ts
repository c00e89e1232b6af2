import type { SdkClient, SdkConversation } from "./surface";

/** The SDK's objects behind the store: the current client and its conversations by SID. Never seen by components. */
export interface Live {
  client: SdkClient | null;
  conversations: Map<string, SdkConversation>;
}

export const isOnline = (live: Live): boolean => live.client?.connectionState === "connected";
