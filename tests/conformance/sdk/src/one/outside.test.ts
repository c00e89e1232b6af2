/** People outside the chat, and receipts of what was sent to them; these are told by whoever carries it. */
import { expect } from "vitest";
import { conforms, server } from "../stage";
import { until } from "../wait";
import { type Conversation, connect, fresh, hosted, type Participant, refusal, told } from "./person";

/** The participant from outside that was given these attributes. */
async function marked(room: Conversation, mark: string): Promise<Participant> {
  const found = (await room.getParticipants()).find(
    ({ attributes }) => (attributes as { mark?: string }).mark === mark,
  );
  if (!found) throw new Error(`nobody is marked ${mark}`);
  return found;
}

conforms(
  [
    ...["Conversation.addNonChatParticipant", "Conversation#participantJoined", "Conversation#participantLeft"],
    ...[
      "Participant.type",
      "Participant.identity",
      "Participant.attributes",
      "Participant.remove",
      "SessionError.code",
    ],
    "Participant.updateAttributes",
  ],
  "are added by their address, changed and removed",
  async () => {
    const ann = await connect("ann");
    const room = await hosted(ann, "outside", "ben");
    const events: string[] = [];
    room.on("participantJoined", (member) => events.push(`joined ${member.type}`));
    room.on("participantLeft", (member) => events.push(`left ${member.type}`));
    await room.addNonChatParticipant("+15550001", "+15557777777", { mark: 1 });
    await room.addNonChatParticipant("whatsapp:+15550001", "whatsapp:+15557777777");
    await until("both", () => events.length === 2);
    const late = await (await fresh("ann")).ready(room.sid);
    for (const there of [room, late]) {
      const outside = (await there.getParticipants()).filter(({ type }) => type !== "chat");
      expect(outside.map(({ type, identity, attributes }) => [type, identity, attributes])).toEqual(
        expect.arrayContaining([
          ["sms", null, { mark: 1 }],
          ["whatsapp", null, {}],
        ]),
      );
    }
    const phone = (await room.getParticipants()).find(({ type }) => type === "sms");
    await phone?.updateAttributes("changed");
    await until("the change", () => phone?.attributes === "changed");
    await expect(phone?.getUser()).rejects.toThrow("not supported");
    await phone?.remove();
    await until("it to leave", () => events.includes("left sms"));
    const left = await (await (await fresh("ann")).ready(room.sid)).getParticipants();
    expect(left.map(({ type }) => type).sort()).toEqual(["chat", "chat", "whatsapp"]);
    expect(await refusal(room.addNonChatParticipant("+15550001", "nonsense"))).toBe(50407);
    const his = await (await fresh("ben")).ready(room.sid);
    expect(await refusal(his.addNonChatParticipant("+15550001", "+15558888888"))).toBe(50107);
  },
);

const AGGREGATED = ["total", "sent", "delivered", "read", "undelivered", "failed"];
const DETAILED = ["sid", "messageSid", "conversationSid", "channelMessageSid", "participantSid", "status", "errorCode"];

conforms(
  [
    ...AGGREGATED.map((name) => `AggregatedDeliveryReceipt.${name}`),
    ...[...DETAILED, "dateCreated", "dateUpdated"].map((name) => `DetailedDeliveryReceipt.${name}`),
    ...["Message.aggregatedDeliveryReceipt", "Message.getDetailedDeliveryReceipts", "Message#updated"],
  ],
  "have receipts of what was sent to them, summed up and one by one",
  async () => {
    const cleo = await connect("cleo");
    const room = await hosted(cleo, "receipts");
    await room.addNonChatParticipant("ours@example.com", "a@example.com", { mark: "a" });
    await room.addNonChatParticipant("ours@example.com", "b@example.com", { mark: "b" });
    await until("both", async () => (await room.getParticipants()).length === 3);
    const [a, b] = [await marked(room, "a"), await marked(room, "b")];
    await room.sendMessage("to both");
    const [message] = (await room.getMessages()).items;
    if (!message) throw new Error("there is no message");
    expect([message.aggregatedDeliveryReceipt, await message.getDetailedDeliveryReceipts()]).toEqual([null, []]);
    const reasons: string[] = [];
    message.on("updated", ({ updateReasons }) => reasons.push(...updateReasons));
    const names = { conversation_sid: room.sid, message_sid: message.sid };
    const carried = { channel_message_sid: "carrier 1" };
    await server.rest("POST", "/roomful/v1/receipts", { ...names, participant_sid: a.sid, status: "sent", ...carried });
    const failure = { participant_sid: b.sid, status: "failed", error_code: 30008 };
    await server.rest("POST", "/roomful/v1/receipts", { ...names, ...failure });
    await until("both receipts", () => message.aggregatedDeliveryReceipt?.total === 2);
    const [late] = await told("cleo", room.sid);
    for (const each of [message, late]) {
      const shown = each?.aggregatedDeliveryReceipt;
      const { total, sent, delivered, read, undelivered, failed } = shown ?? {};
      expect([total, sent, delivered, read, undelivered, failed]).toEqual([2, "some", "none", "none", "none", "some"]);
    }
    expect(new Set(reasons)).toEqual(new Set(["deliveryReceipt"]));
    const receipts = (await late?.getDetailedDeliveryReceipts()) ?? [];
    const both = { messageSid: message.sid, conversationSid: room.sid, sid: expect.stringMatching(/^DY[0-9a-f]{32}$/) };
    expect(receipts).toEqual([
      expect.objectContaining({
        ...{ ...both, participantSid: a.sid, status: "sent", errorCode: 0, channelMessageSid: "carrier 1" },
      }),
      expect.objectContaining({ ...both, participantSid: b.sid, status: "failed", errorCode: 30008 }),
    ]);
    for (const { dateCreated, dateUpdated } of receipts) {
      expect(new Date(dateUpdated).getTime()).toBeGreaterThanOrEqual(new Date(dateCreated).getTime());
    }
  },
);
