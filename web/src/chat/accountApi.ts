import { call } from "./api";

/** One's own account over the chat application's HTTP (docs/chat-api.md), but for what changes the page's own session. */

export interface BrowserSession {
  id: string;
  current: boolean;
  /** Milliseconds since 1970. */
  created_at: number;
  /** About when it last asked for a token. */
  seen_at: number;
  /** The browser's User-Agent. */
  browser: string;
}

/** What an invitation says to whoever has its code. */
export interface Invitation {
  room: { name: string } | null;
  /** Null when it was made at the terminal. */
  by: string | null;
}

const inviteOf = (code: string) => `/api/invites/${encodeURIComponent(code)}`;

export const accountApi = {
  sessions: async () => (await call<{ sessions: BrowserSession[] }>("GET", "/api/sessions")).sessions,
  endSession: (id: string) => call<void>("DELETE", `/api/sessions/${encodeURIComponent(id)}`),
  endOtherSessions: () => call<void>("DELETE", "/api/sessions"),

  invitation: (code: string) => call<Invitation>("GET", inviteOf(code)),
  /** Puts oneself into the invitation's room; resolves with its SID. */
  accept: (code: string) => call<{ room: string | null }>("POST", inviteOf(code), {}),
};
