/** What the tutorial of 2020 does with SDK 1.1.0, from its log-in to its messages. */
import { Client as Conversations } from "conversations-1";
import { expect } from "vitest";
import { conforms, keep, server } from "../stage";
import { until } from "../wait";
import type { Conversation, Message } from "./person";
import { fresh, told } from "./person";

/** The tutorial's `ChatContext` and `ChatLog`: one room at a time, whose messages are shown. */
class Chat {
  shown: string[] = [];
  private room: Conversation | null = null;
  private readonly messageAdded = (message: Message) => this.shown.push(`${message.author}: ${message.body}`);

  private constructor(private readonly api: Awaited<ReturnType<typeof Conversations.create>>) {}

  static async logIn(username: string): Promise<Chat> {
    const token = await server.token(username);
    return keep(new Chat(await Conversations.create(token, { twilsock: { uri: server.socket } } as object)));
  }

  async select(sid: string): Promise<void> {
    this.room?.off("messageAdded", this.messageAdded);
    this.room = await this.api.getConversationBySid(sid);
    const page = await this.room.getMessages();
    this.shown = page.items.map((message) => `${message.author}: ${message.body}`);
    this.room.on("messageAdded", this.messageAdded);
  }

  async enter(text: string): Promise<number | undefined> {
    return this.room?.sendMessage(text);
  }

  async leave(): Promise<void> {
    await this.api.shutdown();
  }
}

conforms(
  [
    ...["Client.create", "Client.getConversationBySid", "Client.shutdown"],
    ...["Conversation.getMessages", "Conversation.sendMessage", "Conversation#messageAdded"],
    ...["Message.author", "Message.body", "Paginator.items"],
  ],
  "the tutorial: log in, choose a room, read its messages, hear new ones, send",
  async () => {
    const [general, random] = [await server.room("general", "susan", "miguel"), await server.room("random", "susan")];
    await server.say(general.sid, "miguel", "hello");
    const [susan, miguel] = [await Chat.logIn("susan"), await Chat.logIn("miguel")];
    await susan.select(general.sid);
    await miguel.select(general.sid);
    expect([susan.shown, miguel.shown]).toEqual([["miguel: hello"], ["miguel: hello"]]);
    expect(await susan.enter("hi, Miguel")).toBe(1);
    await until("both to see it", () => susan.shown.length === 2 && miguel.shown.length === 2);
    expect(await miguel.enter("how are you?")).toBe(2);
    const all = ["miguel: hello", "susan: hi, Miguel", "miguel: how are you?"];
    await until("both to see the answer", () => susan.shown.length === 3 && miguel.shown.length === 3);
    expect([susan.shown, miguel.shown]).toEqual([all, all]);
    await susan.select(random.sid);
    expect(susan.shown).toEqual([]);
    await susan.enter("nobody is here");
    await miguel.enter("are you there?");
    await until("each its own", () => susan.shown.length === 1 && miguel.shown.length === 4);
    expect(susan.shown).toEqual(["susan: nobody is here"]);
    const seen = (await told("susan", general.sid)).map(({ author, body }) => `${author}: ${body}`);
    expect(seen).toEqual([...all, "miguel: are you there?"]);
    const stranger = await fresh("stranger");
    await expect(stranger.client.getConversationBySid(general.sid)).rejects.toThrow("is not found");
  },
);
