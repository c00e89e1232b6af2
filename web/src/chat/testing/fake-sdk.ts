import type {
  Connect,
  SdkClient,
  SdkConversation,
  SdkEvents,
  SdkForwardPage,
  SdkMessage,
  SdkMessageBuilder,
  SdkPage,
  SdkParticipant,
  SdkSending,
  SdkUser,
} from "../surface";

/** An in-memory server and SDK with the surface that we use: enough to test the store without a network. */
export class FakeServer {
  conversations = new Map<string, FakeConversation>();
  users = new Map<string, FakeUser>();
  clients: FakeClient[] = [];
  /** Rooms that the SDK gave up while it was opening them. */
  skipped = new Set<string>();
  /** The tokens that clients were made or renewed with. */
  tokens: string[] = [];

  get client(): FakeClient {
    const client = this.clients.at(-1);
    if (!client) throw new Error("no client yet");
    return client;
  }

  room(sid: string, name: string): FakeConversation {
    const conversation = new FakeConversation(this, sid, name);
    this.conversations.set(sid, conversation);
    return conversation;
  }

  /** Somebody whom the service knows. */
  person(identity: string, change: Partial<Pick<FakeUser, "friendlyName" | "attributes" | "isOnline">> = {}): FakeUser {
    const user = Object.assign(new FakeUser(this, identity), change);
    this.users.set(identity, user);
    return user;
  }

  connect: Connect = async (token) => {
    const client = new FakeClient(this, token);
    this.clients.push(client);
    return client;
  };
}

export class FakeClient implements SdkClient {
  connectionState = "connecting";
  down = false;
  private listeners = new Map<string, ((...args: never[]) => void)[]>();

  constructor(
    private server: FakeServer,
    token: string,
  ) {
    server.tokens.push(token);
  }

  on<E extends keyof SdkEvents>(event: E, listener: SdkEvents[E]): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  emit<E extends keyof SdkEvents>(event: E, ...args: Parameters<SdkEvents[E]>): void {
    for (const listener of this.listeners.get(event) ?? []) (listener as (...args: unknown[]) => void)(...args);
  }

  state(state: string): void {
    this.connectionState = state;
    this.emit("connectionStateChanged", state);
  }

  /** The start of a client that finds all rooms. */
  async start(): Promise<void> {
    this.state("connected");
    this.emit("initialized");
    for (const conversation of this.server.conversations.values()) this.emit("conversationJoined", conversation);
    await settled();
  }

  async updateToken(token: string): Promise<void> {
    this.server.tokens.push(token);
    if (this.connectionState !== "connected") this.state("connected");
  }

  async shutdown(): Promise<void> {
    this.down = true;
    this.connectionState = "disconnected";
  }

  /** Subscribed to, the oldest first; oneself is not among them. */
  subscriptions: string[] = [];
  /** Whom it was asked for, in this order. */
  askedFor: string[] = [];
  /** Answers to questions for people are held back until this settles. */
  usersDelay: Promise<void> = Promise.resolve();
  failUsers = false;

  async getUser(identity: string): Promise<SdkUser> {
    this.askedFor.push(identity);
    await this.usersDelay;
    if (this.failUsers) throw new Error("disconnected");
    const user = this.server.users.get(identity) ?? this.server.person(identity);
    if (identity === "ana" || this.subscriptions.includes(identity)) return user;
    if (this.subscriptions.length >= 100) this.drop(this.subscriptions[0] as string);
    this.subscriptions.push(identity);
    return user;
  }

  drop(identity: string): void {
    this.subscriptions = this.subscriptions.filter((subscribed) => subscribed !== identity);
    const user = this.server.users.get(identity);
    if (user) this.emit("userUnsubscribed", user);
  }

  async getTemporaryContentUrlsForMediaSids(sids: string[]): Promise<Map<string, string>> {
    return new Map(sids.map((sid) => [sid, `https://media.test/${sid}`]));
  }

  /** A page a room; like the SDK it tells of those that it did not know. */
  async getSubscribedConversations(from = 0): Promise<SdkForwardPage> {
    const rooms = [...this.server.conversations.values()];
    const found = this.server.skipped.delete(rooms[from]?.sid ?? "") && rooms[from];
    if (found) this.emit("conversationJoined", found);
    return { hasNextPage: from + 1 < rooms.length, nextPage: () => this.getSubscribedConversations(from + 1) };
  }
}

export class FakeUser implements SdkUser {
  friendlyName: string | null = null;
  attributes: unknown = {};
  isOnline: boolean | null = null;

  constructor(
    private server: FakeServer,
    readonly identity: string,
  ) {}

  /** Something about this person changes, which the current client hears of if it is subscribed. */
  change(change: Partial<Pick<FakeUser, "friendlyName" | "attributes" | "isOnline">>): void {
    Object.assign(this, change);
    const { client } = this.server;
    if (this.identity === "ana" || client.subscriptions.includes(this.identity))
      client.emit("userUpdated", { user: this });
  }

  async unsubscribe(): Promise<void> {
    this.server.client.drop(this.identity);
  }
}

export class FakeConversation implements SdkConversation {
  status = "joined" as const;
  attributes: unknown = {};
  createdBy = "system";
  dateCreated = new Date("2026-11-20T09:00:00Z");
  notificationLevel: "default" | "muted" = "default";
  lastReadMessageIndex: number | null = null;
  stored: SdkMessage[] = [];
  participants: SdkParticipant[] = [];
  typed = 0;
  reads = 0;
  /** How often somebody asked for the number of unread messages. */
  counted = 0;
  /** What the read horizon was set to, in this order. */
  horizons: (number | null)[] = [];
  /** What the next sends come to; without one they are stored and announced. */
  outcomes: (() => Promise<number>)[] = [];
  failReads = false;
  failParticipants = false;
  failHorizons = false;
  /** The answer to a request is held back until this settles. */
  delay: Promise<void> = Promise.resolve();
  private next = 0;

  constructor(
    private server: FakeServer,
    readonly sid: string,
    public friendlyName: string,
  ) {}

  get lastMessage(): { index: number; dateCreated: Date } | undefined {
    const last = this.stored.at(-1);
    return last && { index: last.index, dateCreated: last.dateCreated ?? new Date(0) };
  }

  /** Stores a message without telling anybody. */
  store(author: string, body: string, cid: string | null = null): SdkMessage {
    const index = this.next++;
    const message: SdkMessage = {
      sid: `IM${this.sid}${index}`,
      index,
      author,
      body,
      attributes: cid ? { cid } : {},
      lastUpdatedBy: null,
      attachedMedia: null,
      dateCreated: new Date(Date.parse("2026-11-20T10:00:00Z") + index * 1000),
      conversation: this,
    };
    this.stored.push(message);
    return message;
  }

  /** Stores `count` messages of somebody, whose texts are their indexes. */
  fill(count: number, author = "bo"): void {
    for (let n = 0; n < count; n++) this.store(author, String(this.next));
  }

  /** A message of somebody, announced to the current client. */
  say(author: string, body: string, cid: string | null = null): SdkMessage {
    const message = this.store(author, body, cid);
    this.server.client.emit("messageAdded", message);
    return message;
  }

  /** Indexes have gaps after this. */
  remove(...indexes: number[]): void {
    for (const message of this.stored.filter((entry) => indexes.includes(entry.index))) {
      this.stored.splice(this.stored.indexOf(message), 1);
      this.server.clients.at(-1)?.emit("messageRemoved", message);
    }
  }

  async getMessages(
    pageSize = 30,
    anchor?: number,
    direction: "backwards" | "forward" = "backwards",
  ): Promise<SdkPage<SdkMessage>> {
    this.reads += 1;
    if (this.failReads) throw new Error("disconnected");
    const forward = direction === "forward";
    const inRange = this.stored.filter(
      ({ index }) => anchor === undefined || (forward ? index >= anchor : index <= anchor),
    );
    const items = forward ? inRange.slice(0, pageSize) : inRange.slice(-pageSize);
    const [first, last] = [items[0]?.index ?? -1, items.at(-1)?.index ?? Number.POSITIVE_INFINITY];
    const page = {
      items,
      hasPrevPage: this.stored.some(({ index }) => index < first),
      hasNextPage: this.stored.some(({ index }) => index > last),
    };
    await this.delay;
    return page;
  }

  async getMessagesCount(): Promise<number> {
    return this.stored.length;
  }

  async getUnreadMessagesCount(): Promise<number | null> {
    this.counted += 1;
    const count = this.lastReadMessageIndex === null ? null : this.behind(this.lastReadMessageIndex);
    await this.delay;
    return count;
  }

  /** Like the SDK's it never goes back behind the horizon that this client knows. */
  advanceLastReadMessageIndex(index: number): Promise<number> {
    return this.updateLastReadMessageIndex(Math.max(index, this.lastReadMessageIndex ?? 0));
  }

  /** The client's own object changes only after the call has resolved. */
  async updateLastReadMessageIndex(index: number | null): Promise<number> {
    if (this.failHorizons) throw new Error("disconnected");
    if (index !== null && index > (this.stored.at(-1)?.index ?? -1)) throw new Error("400 50421");
    this.horizons.push(index);
    const count = this.behind(index);
    await this.delay;
    queueMicrotask(() => setTimeout(() => this.readElsewhere(index)));
    return count;
  }

  async setAllMessagesRead(): Promise<number> {
    const last = this.stored.at(-1);
    return last ? this.advanceLastReadMessageIndex(last.index) : 0;
  }

  /** The horizon has moved, as another tab of this person would do it. */
  readElsewhere(index: number | null): void {
    if (this.lastReadMessageIndex === index) return;
    this.lastReadMessageIndex = index;
    this.server.client.emit("conversationUpdated", { conversation: this, updateReasons: ["lastReadMessageIndex"] });
  }

  private behind(horizon: number | null): number {
    return this.stored.filter((message) => message.index > (horizon ?? -1)).length;
  }

  async setUserNotificationLevel(level: "default" | "muted"): Promise<void> {
    this.notificationLevel = level;
    this.server.client.emit("conversationUpdated", { conversation: this, updateReasons: ["notificationLevel"] });
  }

  async getParticipants(): Promise<SdkParticipant[]> {
    if (this.failParticipants) throw new Error("disconnected");
    return this.participants;
  }

  join(identity: string, lastReadMessageIndex: number | null = null): SdkParticipant {
    const [sid, roleSid] = [`MB${identity}`, "RLuser"];
    const participant = { sid, identity, type: "chat", roleSid, lastReadMessageIndex, conversation: this };
    this.participants.push(participant);
    return participant;
  }

  async sendMessage(body: string, attributes: object): Promise<number> {
    const { cid } = attributes as { cid: string };
    const outcome = this.outcomes.shift();
    if (outcome) return outcome();
    await Promise.resolve(); // an answer never comes in the same turn
    const known = this.stored.find((message) => (message.attributes as { cid?: string }).cid === cid);
    return (known ?? this.say("ana", body, cid)).index;
  }

  limits = {
    mediaAttachmentsCountLimit: 10,
    mediaAttachmentSizeLimitInMb: 150,
    mediaAttachmentsTotalSizeLimitInMb: 150,
  };

  /** What was put into messages as files, and how the upload of each message ends; it takes until that is said. */
  files: { contentType: string; filename: string; media: Blob }[] = [];
  uploads: { finish(): void; fail(error: unknown): void }[] = [];

  prepareMessage(): SdkMessageBuilder {
    let [body, attributes]: [string, object] = ["", {}];
    const builder: SdkMessageBuilder = {
      setBody: (text) => {
        body = text;
        return builder;
      },
      setAttributes: (given) => {
        attributes = given;
        return builder;
      },
      addMedia: (file) => {
        this.files.push(file);
        return builder;
      },
      build: () => ({ send: () => this.upload(() => this.sendMessage(body, attributes)) }),
    };
    return builder;
  }

  private upload(send: () => Promise<number>): SdkSending {
    let cancel = () => {};
    const uploaded = new Promise<void>((finish, fail) => {
      cancel = () => fail(new Error("Promise was cancelled"));
      this.uploads.push({ finish, fail });
    });
    return Object.assign(uploaded.then(send), { cancel: () => cancel() });
  }

  async typing(): Promise<void> {
    this.typed += 1;
  }
}

/** Lets promises that wait for nothing but each other finish. */
export const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};
