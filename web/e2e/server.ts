import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect } from "@playwright/test";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

const keys = ["account_sid", "auth_token", "api_key_sid", "api_key_secret"] as const;

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, done));
  const { port } = probe.address() as { port: number };
  await new Promise((done) => probe.close(done));
  return port;
}

/** The real server on a port and an instance of its own. */
export class Server {
  private process: ChildProcess | null = null;
  private log = "";
  port = 0;

  private constructor(
    readonly instance: string,
    private readonly env: Record<string, string>,
    private readonly args: string[] = [],
    /** The Conversations service, where that is a server of its own. */
    private readonly service: Server | null = null,
  ) {}

  /** Starts a server; `env` adds settings. */
  static async start(env: Record<string, string> = {}, ...args: string[]): Promise<Server> {
    const server = new Server(mkdtempSync(join(tmpdir(), "roomful-e2e-")), env, args);
    await server.run();
    return server;
  }

  /** Starts the chat application and, apart from it, its Conversations service: the second topology of law 1. */
  static async startApart(env: Record<string, string> = {}): Promise<Server> {
    const port = await freePort();
    const service = await Server.start({ WEBHOOK_ALLOW: `localhost:${port}` }, "--only", "service");
    const { credentials } = service;
    const twilio = Object.fromEntries(keys.map((name) => [`TWILIO_${name.toUpperCase()}`, credentials[name] ?? ""]));
    const own = { ROOMFUL_BACKEND: service.url, PORT: String(port), ...twilio, ...env };
    const server = new Server(mkdtempSync(join(tmpdir(), "roomful-e2e-")), own, [], service);
    await server.run();
    await server.flask("chat", "setup", "--yes");
    return server;
  }

  /** Whom a page may ask. */
  get hosts(): string[] {
    return [this, this.service].flatMap((server) => (server ? new URL(server.url).host : []));
  }

  get credentials(): Record<string, string> {
    return JSON.parse(readFileSync(join(this.instance, "credentials.json"), "utf8"));
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Runs the server, on the port that it had before. Returns when it answers. */
  async run(): Promise<void> {
    rmSync(join(this.instance, "server.json"), { force: true }); // a killed server leaves its own behind
    const child = spawn(join(root, ".venv/bin/roomful"), ["serve", ...this.args], {
      cwd: this.instance,
      env: this.environment(),
    });
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (this.log += chunk));
    await expect
      .poll(() => this.announced(), { message: "the server did not start", timeout: 30_000 })
      .toBeGreaterThan(0)
      .catch((error) => {
        throw new Error(`${error.message}\n${this.log}`);
      });
    this.port = this.announced();
  }

  /** `flask …` in a terminal beside the server. Resolves with what it printed. */
  async flask(...args: string[]): Promise<string> {
    const { stdout } = await run(join(root, ".venv/bin/flask"), args, { cwd: this.instance, env: this.environment() });
    return stdout;
  }

  /** Freezes the server: it accepts bytes but does nothing with them. */
  freeze(): void {
    this.process?.kill("SIGSTOP");
  }

  /** `kill -9`. */
  kill(): Promise<void> {
    return this.end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.end("SIGTERM");
    await this.service?.stop();
    rmSync(this.instance, { recursive: true, force: true });
  }

  /**
   * Asks the Conversations REST API with the installation's own keys; `values` are posted: a form under /v1, else JSON.
   * Resolves with the answer, if there is one.
   */
  async rest(path: string, values?: Record<string, string>, method = values ? "POST" : "GET") {
    const { url, credentials } = this.service ?? this;
    const basic = Buffer.from(`${credentials.account_sid}:${credentials.auth_token}`).toString("base64");
    const form = path.startsWith("/v1/");
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { Authorization: `Basic ${basic}`, ...(form ? {} : { "Content-Type": "application/json" }) },
      body: values && (form ? new URLSearchParams(values) : JSON.stringify(values)),
    });
    const text = await response.text();
    expect(response.status, text).toBeLessThan(300);
    return text ? JSON.parse(text) : null;
  }

  /** Makes a room for these people only, who have signed up: nobody may sign up as a person of a room. Says its SID. */
  async room(name: string, ...people: string[]): Promise<string> {
    const attributes = JSON.stringify({ v: 1, kind: "room", visibility: "public", default: false });
    const { sid } = await this.rest("/v1/Conversations", { FriendlyName: name, Attributes: attributes });
    for (const person of people) await this.join(sid, person);
    return sid;
  }

  async join(sid: string, person: string): Promise<void> {
    await this.rest(`/v1/Conversations/${sid}/Participants`, { Identity: person });
  }

  /** Deletes the message with this index in a room. */
  async remove(sid: string, index: number): Promise<void> {
    const messages = `/v1/Conversations/${sid}/Messages`;
    const page = await this.rest(`${messages}?PageSize=1000`);
    const found = page.messages.find((message: { index: number }) => message.index === index);
    await this.rest(`${messages}/${found.sid}`, undefined, "DELETE");
  }

  /** Makes a room for everybody by the command line, and finds its SID. */
  async createRoom(name: string): Promise<string> {
    await this.flask("chatrooms", "create", name);
    const { conversations } = await this.rest("/v1/Conversations?PageSize=100");
    return conversations.find((room: { friendly_name: string }) => room.friendly_name === name).sid;
  }

  private environment(): NodeJS.ProcessEnv {
    const { PATH, HOME } = process.env;
    const own = { ROOMFUL_INSTANCE: this.instance, PORT: String(this.port), FLASK_APP: "roomful.serve:flask_app" };
    return { PATH, HOME, ...own, ...this.env };
  }

  private announced(): number {
    try {
      return Number(new URL(JSON.parse(readFileSync(join(this.instance, "server.json"), "utf8")).url).port);
    } catch {
      return 0;
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { process: child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    child.kill("SIGCONT"); // a frozen one would not hear it
    await gone;
  }
}
