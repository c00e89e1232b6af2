// A person's client that stays: the unmodified SDK, connected for as long as this runs. It prints a line
// `joined SID NAME` for each room that it is told of. Arguments: the socket's URI. Standard input: an access token.
import { readFileSync } from "node:fs";
import twilio from "@twilio/conversations";

// A request of the SDK's own that a lost connection cut short: a browser's console would show it, Node would end.
process.on("unhandledRejection", (error) => console.log("cut short:", error.message));

const client = new twilio.Client(readFileSync(0, "utf8").trim(), {
  twilsock: { uri: process.argv[2] },
  logLevel: "silent",
});
client.on("initialized", () => console.log("initialized"));
client.on("initFailed", ({ error }) => {
  console.log("failed", error?.message);
  process.exit(1);
});
client.on("conversationJoined", (room) => console.log("joined", room.sid, room.friendlyName));
