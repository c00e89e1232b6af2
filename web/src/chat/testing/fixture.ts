import { vi } from "vitest";
import { ApiError, type Grant } from "../api";
import { type ChatDeps, createChat } from "../chat";
import type { Clock } from "../clock";
import { memoryStorage } from "../drafts";
import { FakeServer, settled } from "./fake-sdk";

export const grant = (change: Partial<Grant> = {}): Grant => ({
  chatrooms: [["#sales", "CH1"]],
  token: "token-1",
  identity: "ana",
  friendly_name: "Ana Ribeiro",
  sdk: {},
  ...change,
});

export const signedOut = new ApiError(401, "signed_out", "Sign in again.");

/** Time that passes when the test says so. */
export class FakeClock implements Clock {
  private now = 0;
  private timers = new Set<{ at: number; act: () => void }>();

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.now + ms, act };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  pass(ms: number): void {
    this.now += ms;
    for (const timer of [...this.timers]) {
      if (timer.at <= this.now && this.timers.delete(timer)) timer.act();
    }
  }
}

/** A chat over the fake SDK; pages of one browser share their `storage`. `api` answers can be replaced by a test. */
export function fixture({ storage = memoryStorage(), ...deps }: Pick<ChatDeps, "popups" | "storage"> = {}) {
  const server = new FakeServer();
  const api = {
    session: vi.fn(async () => ({ auth: "password" as const, signup: "open" as const, user: null })),
    login: vi.fn(async () => grant()),
    signUp: vi.fn(async () => ({ ...grant(), room: null as string | null })),
    token: vi.fn(async () => grant({ token: "token-2" })),
    logout: vi.fn(async () => {}),
    changePassword: vi.fn(async () => grant({ token: "token-3" })),
    deleteAccount: vi.fn(async () => {}),
  };
  const messages = {
    edit: vi.fn(async () => {}),
    remove: vi.fn(async () => {}),
    react: vi.fn(async () => {}),
    reactions: vi.fn(async () => []),
    pin: vi.fn(async () => {}),
    unreads: vi.fn(async () => ({ mentions: {}, levels: {} })),
    setLevel: vi.fn(async () => {}),
  };
  /** Whether Ana looks at the page. */
  const attention = {
    looking: true,
    watchers: [] as (() => void)[],
    now: () => attention.looking,
    watch: (changed: () => void) => {
      attention.watchers.push(changed);
    },
    turn(looking: boolean): void {
      attention.looking = looking;
      for (const changed of attention.watchers) changed();
    },
  };
  const clock = new FakeClock();
  const chat = createChat({ api, messages, connect: server.connect, attention, clock, storage, shelf: null, ...deps });
  const state = () => chat.store.getState();
  const bodies = (sid: string) => state().logs[sid]?.messages.map((message) => message.body) ?? [];
  const unsent = (sid: string) => (state().outbox[sid] ?? []).map((row) => `${row.status}: ${row.text}`);

  /** Signs Ana in; her client has started and knows the rooms. */
  async function enter(): Promise<void> {
    await chat.signIn("ana", "secret");
    await server.client.start();
  }
  return { server, api, messages, chat, attention, clock, storage, state, bodies, unsent, enter, settled };
}
