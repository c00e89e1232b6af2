import { call } from "./api";

/** Rooms over the chat application's HTTP (docs/chat-api.md): what the SDK does not tell, or may not do. */
export const roomsApi = {
  /** The direct message with these people, which is always the same. */
  openDm: (people: string[]) => call<{ sid: string; name: string }>("POST", "/api/dms", { people }),
};
