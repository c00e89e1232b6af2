/** A client of the official SDK that writes down what it is told. */
import { Client, type ClientOptions, type Conversation, type Message } from "@twilio/conversations";
import type { Server } from "./server";
import { until } from "./wait";

export interface PersonOptions extends ClientOptions {
  /** Where the socket is: the server's own, or a cable's. */
  socket?: string;
  /** The access token; a new one without it. */
  token?: string;
  /** Milliseconds between two attempts to connect; an option of the SDK's that its typings leave out. */
  retryPolicy?: { min: number; max: number; randomness: number };
}

/** Tests need not wait as long as people between two attempts to connect. */
export const SOON = { retryPolicy: { min: 50, max: 200, randomness: 0.2 } };

export class Person {
  /** What happened, in order, as `event: detail`. */
  readonly events: string[] = [];
  readonly bodies = new Map<string, string[]>();
  private constructor(
    readonly identity: string,
    readonly client: Client,
  ) {
    client.on("connectionStateChanged", (state) => this.note("connection", state));
    client.on("conversationAdded", (room) => this.note("added", room.friendlyName));
    client.on("conversationJoined", (room) => this.note("joined", room.friendlyName));
    client.on("conversationLeft", (room) => this.note("left", room.friendlyName));
    client.on("conversationRemoved", (room) => this.note("removed", room.friendlyName));
    client.on("conversationUpdated", ({ conversation, updateReasons }) =>
      this.note("updated", `${conversation.friendlyName} ${updateReasons}`),
    );
    client.on("participantJoined", (member) => this.note("participantJoined", member.identity));
    client.on("participantLeft", (member) => this.note("participantLeft", member.identity));
    client.on("participantUpdated", ({ participant, updateReasons }) =>
      this.note("participantUpdated", `${participant.identity} ${updateReasons}`),
    );
    client.on("messageAdded", (message) => {
      this.note("messageAdded", message.body);
      const said = this.bodies.get(message.conversation.sid) ?? [];
      this.bodies.set(message.conversation.sid, [...said, message.body ?? ""]);
    });
    client.on("messageUpdated", ({ message, updateReasons }) =>
      this.note("messageUpdated", `${message.body} ${updateReasons.includes("body") ? "body" : updateReasons}`),
    );
    client.on("messageRemoved", (message) => this.note("messageRemoved", message.body));
    client.on("typingStarted", (member) => this.note("typingStarted", member.identity));
    client.on("typingEnded", (member) => this.note("typingEnded", member.identity));
    client.on("userUpdated", ({ user, updateReasons }) =>
      this.note("userUpdated", `${user.identity} ${updateReasons}`),
    );
    client.on("tokenAboutToExpire", () => this.note("tokenAboutToExpire"));
    client.on("tokenExpired", () => this.note("tokenExpired"));
    client.on("connectionError", (error) => {
      const { httpStatusCode, errorCode, terminal } = error as typeof error & Record<string, unknown>;
      this.note("connectionError", `${httpStatusCode} ${errorCode} ${terminal}`);
    });
    client.on("initFailed", () => this.note("initFailed"));
    client.on("initialized", () => this.note("initialized"));
  }

  private note(event: string, detail?: unknown): void {
    this.events.push(detail === undefined ? event : `${event}: ${detail}`);
  }

  /** A client that has begun to connect. */
  static async of(server: Server, identity: string, options: PersonOptions = {}): Promise<Person> {
    const { socket = server.socket, token = await server.token(identity), ...rest } = options;
    const settings = { twilsock: { uri: socket }, logLevel: "silent", ...rest };
    return new Person(identity, new Client(token, settings as ClientOptions));
  }

  /** Returns when it is connected and has read its conversations. */
  async arrive(): Promise<void> {
    await this.sees("initialized");
    await this.client.getSubscribedConversations();
  }

  has(event: string): boolean {
    return this.events.includes(event);
  }

  async sees(event: string): Promise<void> {
    await until(`${this.identity} to see "${event}" (saw ${JSON.stringify(this.events)})`, () => this.has(event)).catch(
      () => {
        throw new Error(`${this.identity} did not see "${event}", but ${JSON.stringify(this.events, null, 1)}`);
      },
    );
  }

  async room(sid: string): Promise<Conversation> {
    return this.client.getConversationBySid(sid);
  }

  /**
   * A conversation of which the client has opened everything, and heard of all who were added meanwhile. Who is removed,
   * or whose conversation is deleted, in the middle of that leaves the SDK with a rejected promise that nobody handles.
   */
  async ready(sid: string): Promise<Conversation> {
    const room = await this.room(sid);
    await Promise.all([room.getParticipants(), room.getMessages()]);
    await until(`${this.identity} to know all members`, async () => {
      const known = await room.getParticipants();
      return known.length === (await room.getParticipantsCount());
    });
    return room;
  }

  /** All messages of a conversation, read page by page from the newest. */
  async history(sid: string, pageSize = 30): Promise<Message[]> {
    let page = await (await this.room(sid)).getMessages(pageSize);
    let all = page.items;
    while (page.hasPrevPage) {
      page = await page.prevPage();
      all = [...page.items, ...all];
    }
    return all;
  }

  async leave(): Promise<void> {
    await this.client.shutdown();
  }
}

/** What a client shows of its conversations, for comparing two clients. */
export async function view(person: Person): Promise<unknown> {
  const rooms: Conversation[] = [];
  let page = await person.client.getSubscribedConversations();
  rooms.push(...page.items);
  while (page.hasNextPage) {
    page = await page.nextPage();
    rooms.push(...page.items);
  }
  const shown = await Promise.all(
    rooms.map(async (room) => ({
      sid: room.sid,
      name: room.friendlyName,
      attributes: room.attributes,
      read: room.lastReadMessageIndex,
      last: room.lastMessage?.index,
      members: (await room.getParticipants())
        .map((member) => `${member.identity} ${JSON.stringify(member.attributes)} ${member.lastReadMessageIndex}`)
        .sort(),
      messages: (await person.history(room.sid)).map(
        (message) => `${message.index} ${message.author} ${message.body} ${JSON.stringify(message.attributes)}`,
      ),
    })),
  );
  return shown.sort((a, b) => (a.sid < b.sid ? -1 : 1));
}
