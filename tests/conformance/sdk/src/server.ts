/** A real Roomful in a process of its own, with a temporary instance, by way of the control server. */
import type { Keys } from "../control/roomful";
import { call } from "./call";

export type { Keys };

export interface Room {
  sid: string;
  unique_name: string | null;
}

/** A REST call that was refused. */
export class RestError extends Error {
  constructor(
    request: string,
    /** The HTTP status. */
    readonly status: number,
    text: string,
  ) {
    super(`${request}: ${status} ${text}`);
  }
}

const A_DAY = 24 * 60 * 60;

export class Server {
  private constructor(
    readonly id: string,
    readonly url: string,
    readonly keys: Keys,
  ) {}

  /** A server of one's own, which has started. */
  static async open(): Promise<Server> {
    const { id, url, keys } = await call("open");
    return new Server(id, url, keys);
  }

  get socket(): string {
    return `${this.url.replace("http", "ws")}/v3/wsconnect`;
  }

  /** Start it again, at the same port, after `kill` or `stop`. */
  async start(): Promise<void> {
    await call("start", this.id);
  }

  /** End it as a power cut would. */
  async kill(): Promise<void> {
    await call("kill", this.id);
  }

  /** End it as an administrator would, with SIGTERM. */
  async stop(): Promise<void> {
    await call("stop", this.id);
  }

  /** Start it again behind TLS: its URLs, those of media among them, begin with https. Nobody knows its certificate. */
  async secure(): Promise<void> {
    await call("secure", this.id);
  }

  /** Run again with all handlers whole, however a test left it; the stage does it after each. */
  async restore(): Promise<void> {
    await call("restore", this.id);
  }

  /** End it and forget it. Throws if it ever logged an error. */
  async close(): Promise<void> {
    await call("close", this.id);
  }

  /** Move the server's clock forward. */
  async advance(milliseconds: number): Promise<void> {
    await call("advance", this.id, milliseconds);
  }

  /**
   * From now on one handler of tunnelled requests answers 500, such as `"GET /Client/v2/Users/*"`, or the `"init"` of an
   * identity that nobody knew; with null they are again as they were.
   */
  async break(handler: string | null): Promise<void> {
    await call("break", this.id, handler);
  }

  /** From now on the server pings new connections after so many seconds of silence, and waits so many for the answer. */
  async pings(after: number, within: number): Promise<void> {
    await call("pings", this.id, after, within);
  }

  /** The files, whole and in the making, of which the server keeps bytes on disk: their names, sorted. */
  async stored(): Promise<string[]> {
    return call("stored", this.id);
  }

  /** An access token as the `twilio` library makes them. */
  async token(identity: string, seconds = A_DAY): Promise<string> {
    return call("token", this.id, identity, seconds);
  }

  /**
   * A REST call as the administrator; the answer's JSON. A list is a parameter that is given several times; to /v1/Content
   * and to paths of /roomful/ the body goes as JSON. Throws `RestError` on a status of 400 and above.
   */
  async rest<T = Record<string, unknown>>(method: string, path: string, body?: object): Promise<T> {
    const { status, text } = await call("rest", this.id, method, path, body);
    if (status >= 400) throw new RestError(`${method} ${path}`, status, text);
    return JSON.parse(text || "null");
  }

  async room(name: string, ...members: string[]): Promise<Room> {
    const room = await this.rest<Room>("POST", "/v1/Conversations", { FriendlyName: name });
    for (const identity of members) await this.join(room.sid, identity);
    return room;
  }

  async join(sid: string, identity: string): Promise<void> {
    await this.rest("POST", `/v1/Conversations/${sid}/Participants`, { Identity: identity });
  }

  async say(sid: string, author: string, body: string): Promise<{ sid: string; index: number }> {
    return this.rest("POST", `/v1/Conversations/${sid}/Messages`, { Author: author, Body: body });
  }
}
