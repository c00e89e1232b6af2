import { describe, expect, it } from "vitest";
import { checkRow, connect, fresh } from "./stage";

describe("a row fails", () => {
  it("when it names what the SDK does not have, or nothing", async () => {
    const seen = async () => void (await fresh("ann"));
    await expect(checkRow(["Client.createRoom"], seen)).rejects.toThrow("no public Client.createRoom");
    await expect(checkRow(["Client#createConversation"], seen)).rejects.toThrow("no public Client#createConversation");
    await expect(checkRow(["Conversation._update"], seen)).rejects.toThrow("no public Conversation._update");
    await expect(checkRow([], seen)).rejects.toThrow("names what it checks");
    await checkRow(["Client.createConversation", "Client#conversationAdded", "Message.body"], seen);
  });

  it("when no client that connected afterwards saw the effect, unless it says why", async () => {
    const unseen = async () => void (await connect("ann"));
    await expect(checkRow(["Client.user"], unseen)).rejects.toThrow("freshly connected");
    await checkRow(["Client.user"], unseen, "there is nothing to see");
  });
});
