/** The control server: tests that run in a browser start servers and cut lines through it, and those in Node as well. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server as Listener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Heard, Hook, type HookAnswer } from "./hook";
import { Line } from "./line";
import { type Form, type Keys, Roomful } from "./roomful";

/** What a test needs to know of a server once it has started. */
export interface Opened {
  id: string;
  url: string;
  keys: Keys;
}

export class Desk {
  /** Nothing but the pages of our own run can guess it. */
  private readonly path = `/${randomBytes(16).toString("hex")}`;
  private readonly servers = new Map<string, Roomful>();
  private readonly lines = new Map<string, Line>();
  private readonly hooks = new Map<string, Hook>();
  private readonly listener: Listener = createServer((request, response) => void this.answer(request, response));
  private spare?: Promise<Roomful>;
  private count = 0;

  /** `broken` is the handler that answers 500 in every server, for the mutation run. */
  constructor(private readonly broken: string | null = null) {}

  /** The URL for calls. */
  async open(): Promise<string> {
    this.prepare();
    await new Promise<void>((done) => this.listener.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}${this.path}`;
  }

  async close(): Promise<void> {
    this.listener.close();
    this.listener.closeAllConnections();
    for (const line of this.lines.values()) line.close();
    for (const hook of this.hooks.values()) hook.close();
    const spare = await this.spare?.catch(() => undefined);
    const rest = spare ? [spare, ...this.servers.values()] : [...this.servers.values()];
    await Promise.all(rest.map((server) => server.close()));
  }

  /** A server that has started, and another one for the next file of tests: starting takes longer than most tests. */
  private async server(): Promise<Roomful> {
    const ready = this.spare ?? this.launch();
    this.spare = undefined;
    const server = await ready;
    this.prepare();
    return server;
  }

  private prepare(): void {
    this.spare ??= this.launch();
    this.spare.catch(() => {}); // told when it is asked for
  }

  private async launch(): Promise<Roomful> {
    const server = new Roomful(this.broken);
    await server.start();
    return server;
  }

  private at<T>(things: Map<string, T>, id: string): T {
    const found = things.get(id);
    if (!found) throw new Error(`${id} was closed`);
    return found;
  }

  /** What tests may call; arguments and results pass as JSON. */
  readonly calls = {
    open: async (): Promise<Opened> => {
      const server = await this.server();
      const id = `server ${++this.count}`;
      this.servers.set(id, server);
      return { id, url: server.url, keys: server.keys };
    },
    start: (id: string) => this.at(this.servers, id).start(),
    kill: (id: string) => this.at(this.servers, id).end("SIGKILL"),
    stop: (id: string) => this.at(this.servers, id).end("SIGTERM"),
    close: async (id: string) => {
      const server = this.at(this.servers, id);
      this.servers.delete(id);
      await server.close();
    },
    secure: (id: string) => this.at(this.servers, id).secure(),
    restore: (id: string) => this.at(this.servers, id).restore(),
    advance: (id: string, milliseconds: number) => this.at(this.servers, id).advance(milliseconds),
    pings: (id: string, after: number, within: number) => this.at(this.servers, id).pings(after, within),
    break: (id: string, handler: string | null) => this.at(this.servers, id).break(handler),
    stored: async (id: string) => this.at(this.servers, id).stored(),
    token: async (id: string, identity: string, seconds: number) => this.at(this.servers, id).token(identity, seconds),
    rest: (id: string, method: string, path: string, body?: Form | object) =>
      this.at(this.servers, id).rest(method, path, body),
    lay: async (id: string): Promise<{ id: string; port: number }> => {
      const line = await Line.to(Number(new URL(this.at(this.servers, id).url).port));
      const name = `line ${++this.count}`;
      this.lines.set(name, line);
      return { id: name, port: line.port };
    },
    cut: async (id: string) => this.at(this.lines, id).cut(),
    mend: async (id: string) => this.at(this.lines, id).mend(),
    stall: async (id: string) => this.at(this.lines, id).stall(),
    flow: async (id: string) => this.at(this.lines, id).flow(),
    cutAfter: async (id: string, text: string) => this.at(this.lines, id).cutAfter(text),
    takeUp: async (id: string) => {
      this.at(this.lines, id).close();
      this.lines.delete(id);
    },
    hook: async (): Promise<{ id: string; url: string }> => {
      const hook = await Hook.open();
      const name = `hook ${++this.count}`;
      this.hooks.set(name, hook);
      return { id: name, url: hook.url };
    },
    hookAnswers: async (id: string, event: string, answer: HookAnswer) => this.at(this.hooks, id).answer(event, answer),
    hookHeard: async (id: string): Promise<Heard[]> => this.at(this.hooks, id).heard,
    hookEnds: async (id: string) => {
      this.at(this.hooks, id).close();
      this.hooks.delete(id);
    },
  };

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("Access-Control-Allow-Origin", "*"); // the page of a test has an origin of its own
    if (request.method !== "POST" || request.url !== this.path) {
      response.writeHead(404).end();
      return;
    }
    let reply: { value?: unknown; error?: string };
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { call, given } = JSON.parse(Buffer.concat(chunks).toString());
      const work = this.calls[call as keyof Desk["calls"]] as (...given: unknown[]) => Promise<unknown>;
      reply = { value: await work(...given) };
    } catch (error) {
      reply = { error: (error as Error).message };
    }
    response.end(JSON.stringify(reply));
  }
}

export type Calls = Desk["calls"];
