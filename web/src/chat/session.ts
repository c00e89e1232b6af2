import { type Api, ApiError, type Grant } from "./api";
import type { Drafts } from "./drafts";
import type { History } from "./history";
import type { Live } from "./live";
import { type Me, type Room, unknownRoom } from "./model";
import type { Outbox } from "./outbox";
import type { People } from "./people";
import type { Reading } from "./reading";
import type { Rooms } from "./rooms";
import type { ChatStore } from "./store";
import type { Connect, SdkClient, SdkConnectionError } from "./surface";

/** Twilio's code of an expired token: the SDK then waits for updateToken(), and needs no new client. */
const tokenExpired = 20104;
/** Renewing and restarting wait 1, 2, 4 … seconds, at most this. */
const longestWait = 10_000;
const beginAgain = 5_000;
/** The SDK's own back-off grows to two minutes; while offline we make it try again about this often. */
const nudgeEvery = 8_000;
/** How long signing out waits for a client that is still starting. */
const startWithin = 3_000;
/** In one of the SDK's states updateToken() never settles (protocol: a close with 410). */
const updateWithin = 10_000;

export interface SessionDeps {
  api: Api;
  connect: Connect;
  store: ChatStore;
  live: Live;
  rooms: Rooms;
  history: History;
  outbox: Outbox;
  drafts: Drafts;
  people: People;
  reading: Reading;
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const backoff = (attempt: number) => Math.min(1000 * 2 ** attempt, longestWait) * (0.8 + 0.4 * Math.random());

/** Sign-in, and the life of the SDK's client: tokens, reconnects, and new clients over the kept store. */
export function createSession(deps: SessionDeps) {
  const { api, connect, store, live, rooms, history, outbox, drafts, people, reading } = deps;
  /** Raised by each sign-in, sign-out and restart: what was begun before has no effect after. */
  let era = 0;
  /** The era of the restart under way. */
  let restarting = -1;
  /** Restarts since the last client that worked. */
  let restarts = 0;
  /** Settles when the client has loaded its rooms, or failed to. */
  let started: Promise<void> = Promise.resolve();

  function enter(grant: Grant): Promise<void> {
    const { me } = store.getState();
    if (me?.identity !== grant.identity) forget();
    era += 1;
    const self: Me = { identity: grant.identity, name: grant.friendly_name || grant.identity };
    store.setState({ phase: "signedIn", sessionEnded: false, me: self, initError: null, roomsReady: false });
    people.self(self);
    outbox.enter(self.identity);
    drafts.enter(self.identity);
    listRooms(grant);
    return start(grant);
  }

  /** The list of the sign-in answer: names at once, before the SDK has connected. */
  function listRooms(grant: Grant): void {
    for (const [name, sid] of grant.chatrooms) {
      store.change("rooms", sid, (room): Room => {
        return { ...(room ?? { ...unknownRoom, sid }), name };
      });
    }
  }

  async function start(grant: Grant): Promise<void> {
    const mine = era;
    stopClient();
    if (!restarts) store.setState({ connected: false, disconnectedAt: Date.now() });
    try {
      const client = await connect(grant.token, grant.sdk);
      if (mine !== era) return void client.shutdown().catch(() => {});
      live.client = client;
      history.newClient();
      outbox.newClient();
      people.newClient();
      reading.newClient();
      watch(client);
      rooms.attach(client);
    } catch (error) {
      if (mine === era) failed(error instanceof Error ? error.message : String(error));
    }
  }

  function stopClient(): void {
    const { client } = live;
    live.client = null;
    live.conversations.clear();
    client?.shutdown().catch(() => {});
  }

  function watch(client: SdkClient): void {
    const current = (handle: () => void) => () => {
      if (live.client === client) handle();
    };
    let initialized = false;
    let settle = () => {};
    started = new Promise((resolve) => {
      settle = resolve;
    });
    client.on("connectionStateChanged", (state) => current(() => connection(client, state, initialized))());
    client.on(
      "initialized",
      current(() => {
        initialized = true;
        restarts = 0;
        store.setState({ initError: null });
        client
          .getSubscribedConversations()
          .then(
            current(() => {
              rooms.complete();
              reading.resume();
            }),
            current(() => restart()),
          )
          .finally(settle);
      }),
    );
    client.on("initFailed", ({ error }) => {
      settle();
      current(() => failed(error?.message ?? "initFailed"))();
    });
    client.on("connectionError", (error) => current(() => denied(error, initialized))());
    client.on(
      "tokenAboutToExpire",
      current(() => renew(client)),
    );
    client.on(
      "tokenExpired",
      current(() => initialized && renew(client)),
    );
  }

  function connection(client: SdkClient, state: string, initialized: boolean): void {
    const { connected } = store.getState();
    if (state === "connected" && !connected) {
      store.setState({ connected: true });
      if (initialized) reconnected(client);
    }
    if (state !== "connected" && connected) {
      store.setState({ connected: false, disconnectedAt: Date.now(), typing: {} });
      keepTrying();
    }
    // The server told the SDK to stay away (a close with 401): only a new client comes back.
    if (state === "disconnected" && initialized) restart();
  }

  function reconnected(client: SdkClient): void {
    const { openSid } = store.getState();
    rooms.findSkipped(client);
    outbox.resumeAll();
    reading.resume();
    if (!openSid) return;
    history.refresh(openSid);
    people.load(openSid);
  }

  async function keepTrying(): Promise<void> {
    const { client } = live;
    for (;;) {
      await wait(nudgeEvery * (0.75 + Math.random() / 2));
      if (live.client !== client || store.getState().connected) return;
      nudge();
    }
  }

  /** The SDK reconnects at once when the browser reports that it is online again. */
  function nudge(): void {
    window.dispatchEvent(new Event("online"));
  }

  function denied(error: SdkConnectionError, initialized: boolean): void {
    if (error.terminal && initialized && error.errorCode !== tokenExpired) restart();
  }

  function failed(reason: string): void {
    if (!store.getState().roomsReady) store.setState({ initError: reason });
    restart();
  }

  /** Asks for a token until there is an answer. Null when it is no longer wanted, or the session has ended. */
  async function freshGrant(firstWait: number): Promise<Grant | null> {
    const mine = era;
    await wait(firstWait);
    for (let attempt = 0; mine === era; attempt++) {
      try {
        const grant = await api.token();
        if (mine !== era) return null;
        if (grant.identity === store.getState().me?.identity) return grant;
        return ended(); // somebody else has signed in, in another tab
      } catch (error) {
        if (mine !== era) return null;
        if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return ended();
        await wait(backoff(attempt));
      }
    }
    return null;
  }

  async function renew(client: SdkClient): Promise<void> {
    const grant = await freshGrant(0);
    if (!grant || live.client !== client) return;
    const late = wait(updateWithin).then(() => Promise.reject(new Error("updateToken did not settle")));
    await Promise.race([client.updateToken(grant.token), late]).catch(() => {
      if (live.client === client && client.connectionState !== "connected") restart();
    });
  }

  /** A new client over the kept store, with a new token. */
  async function restart(atOnce = false): Promise<void> {
    if (restarting === era && !atOnce) return;
    restarting = era += 1;
    const mine = era;
    stopClient();
    const { connected, disconnectedAt } = store.getState();
    store.setState({ connected: false, disconnectedAt: connected ? Date.now() : disconnectedAt });
    const grant = await freshGrant(atOnce ? 0 : backoff(restarts++));
    if (mine !== era) return;
    restarting = -1;
    if (grant) await start(grant);
  }

  /** Nothing of the person stays in the page; what they typed and could not send they find when they come back. */
  function forget(): void {
    outbox.leave();
    drafts.leave();
    store.forget();
  }

  function leave(): void {
    era += 1;
    stopClient();
    forget();
    store.setState({ phase: "signedOut" });
  }

  function ended(): null {
    era += 1;
    stopClient();
    outbox.leave(); // the person may go on in another tab
    store.setState({ phase: "signedOut", sessionEnded: true, connected: false, initError: null });
    return null;
  }

  /** Looks whether this browser is signed in, and goes on where it was. */
  async function begin(): Promise<void> {
    try {
      const { auth, signup, user } = await api.session();
      store.setState({ setup: { auth, signup } });
      if (user) await enter(await api.token());
      else store.setState({ phase: "signedOut" });
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        store.setState({ phase: "signedOut" });
        return;
      }
      store.setState({ phase: "unreachable" });
      await wait(beginAgain);
      if (store.getState().phase === "unreachable") await begin();
    }
  }

  return {
    begin,

    signIn: async (username: string, password?: string) => enter(await api.login(username, password)),

    /** Resolves with the room that the invitation led to, as soon as there is an account: the page is to go there. */
    async signUp(username: string, password: string, name: string, invite?: string): Promise<string | null> {
      const account = await api.signUp(username, password, name, invite);
      enter(account);
      return account.room;
    },

    /** The tokens issued before are refused from now on, so the client is replaced; the page keeps what it shows. */
    async changePassword(current: string, wanted: string): Promise<void> {
      const grant = await api.changePassword(current, wanted);
      era += 1;
      restarting = -1;
      await start(grant);
    },

    async deleteAccount(password: string): Promise<void> {
      await api.deleteAccount(password);
      store.setState({ outbox: {}, drafts: {}, enclosures: {} }); // nobody comes back for them
      drafts.forget();
      leave();
    },

    /** Ends the session on the server first: if that fails the person is told and stays signed in. */
    async signOut(): Promise<void> {
      // Cut off while it starts, the SDK throws into the page: its own promises have no handlers yet.
      await Promise.race([started, wait(startWithin)]);
      await api.logout();
      leave();
    },

    /** The person does not want to wait for the next attempt. */
    tryNow(): void {
      if (live.client && store.getState().roomsReady) nudge();
      else restart(true);
    },
  };
}
