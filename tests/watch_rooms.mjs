// A person's client that stays: the unmodified SDK, connected for as long as this runs. It prints `initialized`, and a
// line `joined SID NAME` for each room when it is first told of it. Arguments: the socket's URI. Standard input: an
// access token.
import { readFileSync } from "node:fs";
import twilio from "@twilio/conversations";

// A request of the SDK's own that a lost connection cut short: a browser's console would show it, Node would end.
process.on("unhandledRejection", (error) => console.log("cut short:", error.message));

const client = new twilio.Client(readFileSync(0, "utf8").trim(), {
  twilsock: { uri: process.argv[2] },
  logLevel: "silent",
});
let ready = false;
client.on("initialized", async () => {
  await client.getSubscribedConversations(); // before that the SDK does not survive the end of its connection
  ready = true;
  console.log("initialized");
});
client.on("initFailed", ({ error }) => {
  console.log("failed", error?.message);
  process.exit(1);
});
const told = new Set();
client.on("conversationJoined", (room) => {
  if (!told.has(room.sid)) console.log("joined", room.sid, room.friendlyName);
  told.add(room.sid);
});

// As our front end does (web/src/chat/rooms.ts): the SDK gives up a room when the line breaks while it opens it. Asked
// while it is still opening one, it tells of that room twice.
client.on("connectionStateChanged", async (state) => {
  if (state !== "connected" || !ready) return;
  let page = await client.getSubscribedConversations();
  while (page.hasNextPage) page = await page.nextPage();
});
