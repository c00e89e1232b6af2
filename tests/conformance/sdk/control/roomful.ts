/** A real Roomful in a process of its own, with a temporary instance (see ../../serve.py). */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Tls } from "./tls";

const conformance = resolve(import.meta.dirname, "../..");
const python = resolve(conformance, "../../.venv/bin/python");
const START_MS = 30_000;

/** What `credentials.json` of the instance holds. */
export interface Keys {
  account_sid: string;
  auth_token: string;
  api_key_sid: string;
  api_key_secret: string;
  service_sid: string;
}

/** The names of all handlers of tunnelled requests that can be broken. */
export function handlers(): Promise<string[]> {
  const child = spawn(python, [join(conformance, "serve.py"), "--handlers"], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((done, failed) => {
    let told = "";
    child.stdout.on("data", (bytes) => {
      told += bytes;
    });
    child.on("exit", (code) => (code === 0 ? done(told.trim().split("\n")) : failed(new Error("serve.py --handlers"))));
  });
}

/** The environment without any setting of a developer's own installation. */
function environment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(ROOMFUL_|TWILIO_|PORT$|HOST$|PUBLIC_URL$|DATABASE_URL$|REDIS_URL$|ALLOWED_HOSTS$)/.test(name),
  );
  return Object.fromEntries(kept);
}

export class Roomful {
  private readonly folder = mkdtempSync(join(tmpdir(), "roomful-sdk-"));
  url = "";
  private port = "0";
  private process?: ChildProcess;
  private log = "";
  private readonly answers: string[] = [];
  private ahead = 0;
  private tls?: Tls;
  /** A test has broken a handler. */
  private disturbed = false;
  /** A test has ended it. */
  private down = false;

  /** `broken` is the handler that answers 500 for as long as the server lives. */
  constructor(private readonly broken: string | null) {}

  /** The port stays the same over restarts, and the clock does not go back. */
  async start(): Promise<void> {
    const child = spawn(python, [join(conformance, "serve.py")], {
      cwd: this.folder,
      env: {
        ...environment(),
        ...{ PORT: this.port, HOST: "127.0.0.1", ROOMFUL_INSTANCE: join(this.folder, "instance") },
        WEBHOOK_ALLOW: "127.0.0.1",
        ...(this.tls ? { PUBLIC_URL: `https://127.0.0.1:${this.tls.port}` } : {}),
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.process = child;
    this.down = false;
    this.disturbed = false;
    this.answers.length = 0;
    let line = "";
    child.stdout.on("data", (bytes: Buffer) => {
      const lines = (line + bytes.toString()).split("\n");
      line = lines.pop() ?? "";
      this.answers.push(...lines.filter((each) => each.startsWith("{")));
    });
    child.stderr.on("data", (bytes: Buffer) => {
      this.log += bytes.toString();
    });
    child.stdin.on("error", () => {}); // it was killed: `exited` tells
    await this.command({ advance_ms: this.ahead });
    if (this.broken !== null) await this.command({ break: this.broken });
    this.url = await this.wait("the server to answer", () => this.address(child.pid));
    this.port = new URL(this.url).port;
  }

  private async address(pid: number | undefined): Promise<string | undefined> {
    const told = this.told();
    if (told.pid !== pid) return undefined;
    return (await fetch(`${told.url}/health`).catch(() => undefined))?.ok ? told.url : undefined;
  }

  /** What `server.json` of the instance says, if it is there at this moment: a server that starts takes the last one away. */
  private told(): { pid?: number; url?: string } {
    try {
      return JSON.parse(readFileSync(join(this.folder, "instance/server.json"), "utf8") || "{}");
    } catch {
      return {};
    }
  }

  /** Have serve.py do something, and wait until it says that it did. */
  private async command(what: object): Promise<void> {
    const count = this.answers.length;
    this.process?.stdin?.write(`${JSON.stringify(what)}\n`);
    await this.wait(`the server to do ${JSON.stringify(what)}`, async () => this.answers.length > count || undefined);
  }

  private async wait<T>(what: string, condition: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      const value = await condition();
      if (value !== undefined) return value;
      if (this.exited) throw new Error(`the server ended while we waited for ${what}:\n${this.log}`);
      if (Date.now() > deadline) throw new Error(`waited ${START_MS} ms for ${what}:\n${this.log}`);
      await pause(10);
    }
  }

  private get exited(): boolean {
    return !this.process || this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** End it and return when it has ended; whatever was acknowledged is on disk. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    this.down = true;
    if (!child || this.exited) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await ended;
  }

  /** End it and forget it. Throws if it ever logged an error. */
  async close(): Promise<void> {
    await this.end("SIGTERM");
    this.tls?.close();
    rmSync(this.folder, { recursive: true, force: true });
    if (/Traceback|ERROR|\[(error|critical)/.test(this.log)) throw new Error(`the server logged errors:\n${this.log}`);
  }

  /** Put TLS before it, and start it again: from then on its URLs begin with https. */
  async secure(): Promise<void> {
    this.tls ??= await Tls.before(Number(this.port));
    await this.end("SIGTERM");
    await this.start();
  }

  /** Move the server's clock forward. */
  async advance(milliseconds: number): Promise<void> {
    await this.command({ advance_ms: milliseconds });
    this.ahead += milliseconds;
  }

  /** Have another handler answer 500 than the one that does so for as long as the server lives, or that one again. */
  async break(handler: string | null): Promise<void> {
    await this.command({ break: handler ?? this.broken });
    this.disturbed = handler !== null;
  }

  /** After a test: it runs, and no handler is broken but the one that always is, however the test ended. */
  async restore(): Promise<void> {
    if (this.down) await this.start();
    else if (this.exited) throw new Error(`the server ended by itself:\n${this.log}`);
    else if (this.disturbed) await this.break(null);
  }

  /** Have later connections pinged after so many seconds of silence, and dropped without an answer within so many. */
  async pings(after: number, within: number): Promise<void> {
    await this.command({ pings: [after, within] });
  }

  /** The files, whole and in the making, of which the server keeps bytes on disk: their names, sorted. */
  stored(): string[] {
    const folder = join(this.folder, "instance/media");
    if (!existsSync(folder)) return [];
    const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return found
      .map(({ name }) => name)
      .filter((name) => /ME[0-9a-f]{32}/.test(name))
      .sort();
  }

  get keys(): Keys {
    return JSON.parse(readFileSync(join(this.folder, "instance/credentials.json"), "utf8"));
  }

  /** An access token as the `twilio` library makes them, valid from now on by the server's clock. */
  token(identity: string, seconds: number): string {
    const { account_sid, api_key_sid, api_key_secret, service_sid } = this.keys;
    const now = Math.floor((Date.now() + this.ahead) / 1000);
    const claims = {
      jti: `${api_key_sid}-${now}`,
      grants: { identity, chat: { service_sid } },
      iss: api_key_sid,
      sub: account_sid,
      nbf: now,
      exp: now + seconds,
      nonce: Math.random(), // two tokens of one second are two tokens
    };
    const parts = [{ typ: "JWT", alg: "HS256", cty: "twilio-fpa;v=1" }, claims];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${createHmac("sha256", api_key_secret).update(text).digest("base64url")}`;
  }

  /** A REST call as the administrator. */
  async rest(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const { account_sid, auth_token } = this.keys;
    const json = /^\/(roomful\/|v1\/Content$)/.test(path);
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString("base64")}`,
        "Content-Type": json ? "application/json" : "application/x-www-form-urlencoded",
      },
      ...(body ? { body: json ? JSON.stringify(body) : form(body as Form).toString() } : {}),
    });
    return { status: answer.status, text: await answer.text() };
  }
}

export type Form = Record<string, string | string[]>;

/** A list is a parameter that is given several times. */
function form(fields: Form): URLSearchParams {
  const entries = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
  return new URLSearchParams(entries as [string, string][]);
}
