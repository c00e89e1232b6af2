/** A real Roomful in a process of its own, with a temporary instance. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "./wait";

const root = resolve(import.meta.dirname, "../../../..");

interface Keys {
  account_sid: string;
  auth_token: string;
  api_key_sid: string;
  api_key_secret: string;
  service_sid: string;
}

export interface Room {
  sid: string;
  unique_name: string | null;
}

export class Server {
  readonly folder = mkdtempSync(join(tmpdir(), "roomful-sdk-"));
  url = "";
  private port = "0";
  private process?: ChildProcess;
  private log = "";

  static async start(): Promise<Server> {
    const server = new Server();
    await server.start();
    return server;
  }

  /** The port stays the same over restarts. */
  async start(): Promise<void> {
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(ROOMFUL_|TWILIO_|PORT$|HOST$|PUBLIC_URL$|DATABASE_URL$|REDIS_URL$|ALLOWED_HOSTS$)/.test(name),
    );
    const env = { PORT: this.port, HOST: "127.0.0.1", ROOMFUL_INSTANCE: join(this.folder, "instance") };
    const child = spawn(join(root, ".venv/bin/python"), ["-m", "roomful.cli", "serve", "--only", "service"], {
      cwd: this.folder,
      env: { ...Object.fromEntries(kept), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Buffer) => {
        this.log += bytes.toString();
      });
    }
    this.url = await until("the server to answer", async () => {
      if (child.exitCode !== null) throw new Error(`the server ended:\n${this.log}`);
      const file = join(this.folder, "instance/server.json");
      if (!existsSync(file)) return undefined;
      const told = JSON.parse(readFileSync(file, "utf8") || "{}");
      if (told.pid !== child.pid) return undefined;
      return (await fetch(`${told.url}/health`).catch(() => undefined))?.ok ? (told.url as string) : undefined;
    });
    this.port = new URL(this.url).port;
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  async close(): Promise<void> {
    await this.end("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
    if (/Traceback|ERROR/.test(this.log)) throw new Error(`the server logged errors:\n${this.log}`);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await ended;
  }

  get keys(): Keys {
    return JSON.parse(readFileSync(join(this.folder, "instance/credentials.json"), "utf8"));
  }

  get socket(): string {
    return `${this.url.replace("http", "ws")}/v3/wsconnect`;
  }

  /** An access token as the `twilio` library makes them. */
  token(identity: string, seconds = 3600): string {
    const { account_sid, api_key_sid, api_key_secret, service_sid } = this.keys;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      jti: `${api_key_sid}-${now}-${Math.random()}`.replace(/-0\..*/, ""),
      grants: { identity, chat: { service_sid } },
      iss: api_key_sid,
      sub: account_sid,
      nbf: now,
      exp: now + seconds,
      nonce: Math.random(),
    };
    const parts = [{ typ: "JWT", alg: "HS256", cty: "twilio-fpa;v=1" }, claims];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${text}.${createHmac("sha256", api_key_secret).update(text).digest("base64url")}`;
  }

  /** A REST call as the administrator; the answer's JSON. Throws on a status of 400 and above. */
  async rest<T = Record<string, unknown>>(method: string, path: string, form?: Record<string, string>): Promise<T> {
    const { account_sid, auth_token } = this.keys;
    const json = path.startsWith("/roomful/");
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString("base64")}`,
        "Content-Type": json ? "application/json" : "application/x-www-form-urlencoded",
      },
      ...(form ? { body: json ? JSON.stringify(form) : new URLSearchParams(form).toString() } : {}),
    });
    const text = await answer.text();
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
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
