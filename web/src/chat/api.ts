/** The chat application's own HTTP: sessions and tokens. Everything else goes through the SDK. */

export interface Session {
  auth: "password" | "open";
  signup: "open" | "invite" | "closed";
  user: { identity: string; friendly_name: string; avatar: string | null; admin: boolean } | null;
}

export interface Grant {
  /** `[name, sid]` of each room. */
  chatrooms: [string, string][];
  token: string;
  identity: string;
  friendly_name: string;
  /** Options for the SDK's client. */
  sdk: Record<string, unknown>;
}

/** The answer to a sign-up: `room` is where its invitation led to; null where it led nowhere. */
export interface NewAccount extends Grant {
  room: string | null;
}

/** An answer that is not a success. `code` is `network` when there was none. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Seconds to wait, when the server said so. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** Asks the chat application; `body` is sent as JSON, a file as it is. `keepalive`: also when the page goes meanwhile. */
export async function call<T>(method: string, path: string, body?: unknown, keepalive = false): Promise<T> {
  const raw = body instanceof Blob;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined || raw ? {} : { "Content-Type": "application/json" },
      keepalive,
      body: body === undefined ? null : raw ? body : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "network", "");
  }
  if (response.status === 204) return undefined as T;
  const answer = await response.json().catch(() => null);
  if (!response.ok || answer === null) {
    throw new ApiError(response.status, answer?.code ?? "unknown", answer?.error ?? "", answer?.retry_after);
  }
  return answer as T;
}

export const api = {
  session: () => call<Session>("GET", "/api/session"),
  login: (username: string, password?: string) => call<Grant>("POST", "/login", { username, password }),
  signUp: (username: string, password: string, friendlyName: string, invite?: string) =>
    call<NewAccount>("POST", "/api/signup", { username, password, friendly_name: friendlyName || undefined, invite }),
  token: () => call<Grant>("POST", "/api/token", {}),
  logout: () => call<void>("POST", "/api/logout", {}),
  /** Ends every other session. */
  changePassword: (current: string, wanted: string) => call<Grant>("POST", "/api/password", { current, new: wanted }),
  deleteAccount: (password: string) => call<void>("DELETE", "/api/account", { password }),
};

export type Api = typeof api;
