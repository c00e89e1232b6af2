import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "./api";
import { resolveSocket } from "./sdk";
import { fixture, grant, signedOut } from "./testing/fixture";

const network = new ApiError(0, "network", "");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("resolves the socket's path against the page, and leaves an address alone", () => {
  const options = { twilsock: { uri: "/v3/wsconnect" } };
  const uri = (page: { protocol: string; host: string }) => resolveSocket(options, page).twilsock;
  expect(uri({ protocol: "http:", host: "localhost:5000" })).toEqual({ uri: "ws://localhost:5000/v3/wsconnect" });
  expect(uri({ protocol: "https:", host: "chat.example" })).toEqual({ uri: "wss://chat.example/v3/wsconnect" });
  const absolute = { twilsock: { uri: "wss://elsewhere/v3/wsconnect" } };
  expect(resolveSocket(absolute, { protocol: "http:", host: "x" })).toBe(absolute);
  expect(resolveSocket({}, { protocol: "http:", host: "x" })).toEqual({});
});

it("goes on signed in after a reload", async () => {
  const { api, chat, server, state } = fixture();
  api.session.mockResolvedValue({ auth: "password", signup: "closed", user: { identity: "ana" } } as never);
  await chat.begin();
  expect(state()).toMatchObject({ phase: "signedIn", me: { identity: "ana", name: "Ana Ribeiro" } });
  expect(server.tokens).toEqual(["token-2"]);
});

it("asks again by itself while the server does not answer", async () => {
  const { api, chat, state } = fixture();
  api.session.mockRejectedValueOnce(network);
  const begun = chat.begin();
  await vi.advanceTimersByTimeAsync(0);
  expect(state().phase).toBe("unreachable");
  await vi.advanceTimersByTimeAsync(5_000);
  await begun;
  expect(state().phase).toBe("signedOut");
});

it("renews the token before it expires, however often that fails first", async () => {
  const { api, server, enter } = fixture();
  await enter();
  api.token.mockRejectedValueOnce(network).mockRejectedValueOnce(new ApiError(503, "backend_unavailable", ""));
  server.client.emit("tokenAboutToExpire");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(server.tokens).toEqual(["token-1", "token-2"]);
  expect(server.clients).toHaveLength(1);
});

it("renews an expired token on the same client", async () => {
  const { server, state, enter } = fixture();
  await enter();
  server.client.state("denied");
  server.client.emit("connectionError", { terminal: true, message: "expired", httpStatusCode: 401, errorCode: 20104 });
  server.client.emit("tokenExpired");
  await vi.advanceTimersByTimeAsync(100);
  expect(server.clients).toHaveLength(1);
  expect(server.tokens.at(-1)).toBe("token-2");
  expect(state().connected).toBe(true);
});

it("makes a new client over the kept store when the old one is denied for good", async () => {
  const { chat, server, state, bodies, enter } = fixture();
  const room = server.room("CH1", "#sales");
  room.store("bo", "0");
  await enter();
  chat.openRoom("CH1");
  chat.setDraft("CH1", "half a thou");
  await vi.advanceTimersByTimeAsync(0);
  const [first] = server.clients;
  first?.state("denied");
  first?.emit("connectionError", { terminal: true, message: "stale", httpStatusCode: 403, errorCode: null });
  room.store("bo", "1");
  await vi.advanceTimersByTimeAsync(3_000);
  expect(first?.down).toBe(true);
  expect(server.clients).toHaveLength(2);
  expect(bodies("CH1")).toEqual(["0"]);
  await server.client.start();
  await vi.advanceTimersByTimeAsync(0);
  expect(bodies("CH1")).toEqual(["0", "1"]);
  expect(state()).toMatchObject({ connected: true, drafts: { CH1: "half a thou" } });
  first?.emit("conversationLeft", room);
  expect(state().rooms.CH1).toBeDefined();
});

it("keeps messages that were on their way through a new client, in order and once", async () => {
  const { chat, server, bodies, unsent, enter } = fixture();
  const room = server.room("CH1", "#sales");
  await enter();
  chat.openRoom("CH1");
  await vi.advanceTimersByTimeAsync(0);
  room.outcomes.push(() => new Promise(() => {}));
  chat.send("CH1", "1");
  chat.send("CH1", "2");
  server.client.emit("connectionError", { terminal: true, message: "stale", httpStatusCode: 403, errorCode: null });
  await vi.advanceTimersByTimeAsync(3_000);
  await server.client.start();
  await vi.advanceTimersByTimeAsync(100);
  expect(bodies("CH1")).toEqual(["1", "2"]);
  expect(unsent("CH1")).toEqual([]);
});

it("tries again by itself when a client cannot start, and on demand at once", async () => {
  const { chat, server, state } = fixture();
  await chat.signIn("ana");
  server.client.emit("initFailed", { error: { terminal: false, message: "Socket error" } });
  expect(state().initError).toBe("Socket error");
  await vi.advanceTimersByTimeAsync(3_000);
  expect(server.clients).toHaveLength(2);
  server.client.emit("initFailed", { error: { terminal: false, message: "Socket error" } });
  chat.tryNow();
  await vi.advanceTimersByTimeAsync(0);
  expect(server.clients).toHaveLength(3);
  await server.client.start();
  expect(state()).toMatchObject({ initError: null, connected: true, roomsReady: true });
});

it("ends the session when the server says so, and keeps what was typed for the same person only", async () => {
  const { api, chat, server, state, enter } = fixture();
  await enter();
  chat.setDraft("CH1", "half a thou");
  api.token.mockRejectedValue(signedOut);
  server.client.emit("tokenAboutToExpire");
  await vi.advanceTimersByTimeAsync(0);
  expect(state()).toMatchObject({ phase: "signedOut", sessionEnded: true });
  expect(server.client.down).toBe(true);
  await chat.signIn("ana");
  expect(state().drafts).toEqual({ CH1: "half a thou" });
  expect(state().sessionEnded).toBe(false);
  api.login.mockResolvedValue(grant({ identity: "bo" }));
  await chat.signIn("bo");
  expect(state().drafts).toEqual({});
});

it("gives what was typed back to who signed out, unless somebody else came in between", async () => {
  const { api, chat, server, state, enter } = fixture();
  const come = async () => {
    await chat.signIn("");
    server.client.emit("initFailed", {}); // signing out waits for a client that still starts
  };
  await enter();
  chat.setDraft("CH1", "half a thou");
  await chat.signOut();
  expect(state()).toMatchObject({ me: null, drafts: {}, rooms: {} });
  await come();
  expect(state().drafts).toEqual({ CH1: "half a thou" });
  await chat.signOut();
  api.login.mockResolvedValueOnce(grant({ identity: "bo" }));
  await come();
  expect(state().drafts).toEqual({});
  await chat.signOut();
  await come();
  expect(state().drafts).toEqual({});
});

it("ends the session when another tab has signed somebody else in", async () => {
  const { api, server, state, enter } = fixture();
  await enter();
  api.token.mockResolvedValue(grant({ identity: "bo" }));
  server.client.emit("tokenAboutToExpire");
  await vi.advanceTimersByTimeAsync(0);
  expect(state()).toMatchObject({ phase: "signedOut", sessionEnded: true });
});

it("forgets everything at sign-out, but stays signed in when the server could not be told", async () => {
  const { api, chat, server, state, enter } = fixture();
  await enter();
  api.logout.mockRejectedValueOnce(network);
  await expect(chat.signOut()).rejects.toThrow();
  expect(state().phase).toBe("signedIn");
  await chat.signOut();
  expect(server.client.down).toBe(true);
  expect(state()).toMatchObject({ phase: "signedOut", sessionEnded: false, me: null, rooms: {} });
});

it("lets a client finish its start before it signs out, within reason", async () => {
  const { api, chat, server, state } = fixture();
  await chat.signIn("ana", "secret");
  const leaving = chat.signOut();
  await vi.advanceTimersByTimeAsync(100);
  expect(api.logout).not.toHaveBeenCalled();
  await server.client.start();
  await leaving;
  expect(state().phase).toBe("signedOut");

  await chat.signIn("ana", "secret"); // this client never gets anywhere
  const again = chat.signOut();
  await vi.advanceTimersByTimeAsync(3_000);
  await again;
  expect(api.logout).toHaveBeenCalledTimes(2);
});

it("makes the SDK reconnect sooner than its own back-off would", async () => {
  const { server, enter } = fixture();
  await enter();
  const nudged = vi.fn();
  window.addEventListener("online", nudged);
  server.client.state("connecting");
  await vi.advanceTimersByTimeAsync(25_000);
  expect(nudged.mock.calls.length).toBeGreaterThanOrEqual(2);
  server.client.state("connected");
  const calls = nudged.mock.calls.length;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(nudged.mock.calls.length).toBe(calls);
  window.removeEventListener("online", nudged);
});

it("goes on with a new client when the password was changed, over what it shows", async () => {
  const { api, chat, server, state, enter } = fixture();
  await enter();
  chat.setDraft("CH1", "half a");
  await chat.changePassword("old", "new");
  expect(api.changePassword).toHaveBeenCalledWith("old", "new");
  expect(server.tokens).toEqual(["token-1", "token-3"]);
  expect(state()).toMatchObject({ phase: "signedIn", drafts: { CH1: "half a" } });
});

it("stays as it is when the password is not the right one", async () => {
  const { api, chat, server, enter } = fixture();
  await enter();
  api.changePassword.mockRejectedValueOnce(new ApiError(403, "wrong_password", "That is not your password."));
  await expect(chat.changePassword("guess", "new")).rejects.toThrow("That is not your password.");
  expect(server.tokens).toEqual(["token-1"]);
});

it("keeps nothing of a person whose account is deleted, and everything when that is refused", async () => {
  const { api, chat, state, enter } = fixture();
  await enter();
  chat.setDraft("CH1", "half a");
  api.deleteAccount.mockRejectedValueOnce(new ApiError(403, "wrong_password", "That is not your password."));
  await expect(chat.deleteAccount("guess")).rejects.toThrow();
  expect(state()).toMatchObject({ phase: "signedIn", drafts: { CH1: "half a" } });
  await chat.deleteAccount("right");
  expect(state()).toMatchObject({ phase: "signedOut", me: null, drafts: {}, rooms: {} });
});
