/** The page of a tab (see tab.ts). */
import { Client, type ClientOptions } from "@twilio/conversations";
import type { TabPage } from "./tab";

const events: string[] = [];
let client: Client;

const tab: TabPage = {
  events,
  async open(token, socket) {
    client = new Client(token, { twilsock: { uri: socket } } as ClientOptions);
    client.on("messageAdded", (message) => events.push(`messageAdded: ${message.body}`));
    await new Promise<void>((done) => client.on("initialized", done));
  },
  async send(sid, body) {
    await (await client.getConversationBySid(sid)).sendMessage(body);
  },
  async bodies(sid) {
    const page = await (await client.getConversationBySid(sid)).getMessages();
    return page.items.map((message) => message.body ?? "");
  },
  connectionState: () => client.connectionState,
};

window.tab = tab;
