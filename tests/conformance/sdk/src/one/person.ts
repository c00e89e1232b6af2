/** A client of SDK 1.1.0 that writes down what it is told. */
import { Client } from "conversations-1";
import type { Conversation } from "conversations-1/lib/conversation";
import type { Message } from "conversations-1/lib/message";
import type { Participant } from "conversations-1/lib/participant";
import type { User } from "conversations-1/lib/user";
import type { Server } from "../server";
import { cameAfterwards, keep, server } from "../stage";
import { until } from "../wait";

export type { Client, Conversation, Message, Participant, User };

export interface Options extends Client.Options {
  /** Where the socket is: the server's own, or a cable's. */
  socket?: string;
  /** The access token; a new one without it. */
  token?: string;
}

interface Told {
  conversation?: Conversation;
  participant?: Participant;
  message?: Message;
  user?: User;
  updateReasons: string[];
}

/** Of read horizons: the SDK sends one at once, and the next when this is over, instead of after five seconds. */
const SOON = "PT1S";

export class Person {
  /** What happened, in order, as `event: detail`. */
  readonly events: string[] = [];

  private constructor(
    readonly identity: string,
    readonly client: Client,
  ) {
    for (const event of ["Added", "Joined", "Left", "Removed"]) {
      client.on(`conversation${event}`, (room: Conversation) => this.note(event.toLowerCase(), room.friendlyName));
    }
    for (const event of ["messageAdded", "messageRemoved"]) {
      client.on(event, (message: Message) => this.note(event, message.body));
    }
    for (const event of ["participantJoined", "participantLeft", "typingStarted", "typingEnded"]) {
      client.on(event, (member: Participant) => this.note(event, member.identity));
    }
    for (const event of ["userSubscribed", "userUnsubscribed"]) {
      client.on(event, (user: User) => this.note(event, user.identity));
    }
    for (const event of ["conversationUpdated", "participantUpdated", "messageUpdated", "userUpdated"]) {
      client.on(event, (told: Told) => this.note(event, `${nameOf(told)} ${[...told.updateReasons].sort()}`));
    }
    client.on("connectionStateChanged", (state: string) => this.note("connection", state));
    client.on("tokenAboutToExpire", () => this.note("tokenAboutToExpire"));
    client.on("tokenExpired", () => this.note("tokenExpired"));
    client.on("connectionError", (error: Record<string, unknown>) =>
      this.note("connectionError", `${error.httpStatusCode} ${error.errorCode} ${error.terminal}`),
    );
  }

  private note(event: string, detail?: unknown): void {
    this.events.push(detail === undefined ? event : `${event}: ${detail}`);
  }

  static async of(server: Server, identity: string, options: Options = {}): Promise<Person> {
    const { socket = server.socket, token = await server.token(identity), ...rest } = options;
    const settings = { twilsock: { uri: socket }, consumptionReportIntervalOverride: SOON, ...rest };
    return new Person(identity, await Client.create(token, settings as Client.Options));
  }

  has(event: string): boolean {
    return this.events.includes(event);
  }

  /** Whether it was told anything under this event. */
  heard(event: string): boolean {
    return this.events.some((told) => told.startsWith(event));
  }

  async sees(event: string): Promise<void> {
    await until(`${this.identity} to see "${event}"`, () => this.has(event)).catch(() => {
      throw new Error(`${this.identity} did not see "${event}", but ${JSON.stringify(this.events, null, 1)}`);
    });
  }

  /** A conversation of which the client has opened everything, and knows all members. */
  async ready(sid: string): Promise<Conversation> {
    const room = await this.client.getConversationBySid(sid);
    await room.getMessages();
    await until(`${this.identity} to know all members`, async () => {
      const known = await room.getParticipants();
      return known.length === (await room.getParticipantsCount());
    });
    return room;
  }

  /** All messages of a conversation, read page by page from the newest. */
  async history(sid: string, pageSize = 30): Promise<Message[]> {
    const room = await this.client.getConversationBySid(sid);
    let page = await room.getMessages(pageSize);
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

function nameOf(told: Told): string {
  if (told.conversation) return told.conversation.friendlyName;
  if (told.participant) return told.participant.identity;
  return told.message?.body ?? told.user?.identity ?? "";
}

/** A client that is connected and has read its conversations and its own user. It leaves after the test. */
export async function connect(identity: string, options: Options = {}): Promise<Person> {
  const person = keep(await Person.of(server, identity, options));
  await Promise.all([person.client.getSubscribedConversations(), person.client.getSubscribedUsers()]);
  return person;
}

/** A new client, connected only now: what it sees is what was done, and not what another client remembers. */
export async function fresh(identity: string, options: Options = {}): Promise<Person> {
  const person = await connect(identity, options);
  cameAfterwards();
  return person;
}

/** A conversation's messages, as a client finds them that connects now. */
export async function told(identity: string, sid: string): Promise<Message[]> {
  return (await fresh(identity)).history(sid);
}

/** A conversation made and joined by `host`, who may do everything in it, with these people added; all of it opened. */
export async function hosted(host: Person, friendlyName: string, ...guests: string[]): Promise<Conversation> {
  const room = await host.client.createConversation({ friendlyName });
  await room.join();
  for (const guest of guests) await room.add(guest);
  await host.sees(`joined: ${friendlyName}`);
  return host.ready(room.sid);
}

/** Twilio's code with which the service refused a command. Throws if it did what was asked. */
export async function refusal(attempt: Promise<unknown>): Promise<number> {
  const error = await attempt.then(
    () => {
      throw new Error("it was not refused");
    },
    (refused) => refused,
  );
  if (error?.code === undefined) throw error;
  return error.code;
}
