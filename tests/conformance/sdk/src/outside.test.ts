/** People outside the chat, who have an address, and what a gateway reports of the messages that went to them. */
import type { Conversation, Message, Participant } from "@twilio/conversations";
import { expect } from "vitest";
import { conforms, connect, fresh, server, told } from "./stage";
import { heard, hosted, refusal } from "./told";
import { until } from "./wait";

const OURS = "desk@example.org";

/** An opened conversation of a host, who may do everything in it. */
async function hostedBy(host: string, name: string): Promise<Conversation> {
  return hosted(await connect(host), name);
}

async function byAddress(room: Conversation, address: string): Promise<Participant> {
  return until(`${address} to be there`, async () =>
    (await room.getParticipants()).find(({ bindings }) => Object.values(bindings)[0]?.address === address),
  );
}

async function report(room: Conversation, message: Message, participant: Participant, status: string, more = {}) {
  await server.rest("POST", "/roomful/v1/receipts", {
    ...{ conversation_sid: room.sid, message_sid: message.sid, participant_sid: participant.sid, status },
    ...more,
  });
}

async function first(room: Conversation): Promise<Message> {
  const [message] = (await room.getMessages()).items;
  if (!message) throw new Error("there is no message");
  return message;
}

conforms(
  [
    ...["Conversation.addNonChatParticipant", "Conversation#participantJoined", "Conversation.removeParticipant"],
    ...["bindings", "type", "identity", "attributes", "remove", "updateAttributes"].map((it) => `Participant.${it}`),
  ],
  "are added by their address, shown to everybody, changed and removed",
  async () => {
    const room = await hostedBy("ann", "outside");
    const email = { name: "Zoë", address: "zoe@example.com", level: "cc" as const };
    await room.addNonChatParticipant(OURS, email.address, { vip: true }, { email });
    await room.addNonChatParticipant("+15550001", "+15557777777", {});
    await room.addNonChatParticipant("whatsapp:+15550001", "whatsapp:+15557777777");
    await until("all of them", async () => (await room.getParticipants()).length === 4);
    const late = await (await fresh("ann")).ready(room.sid);
    for (const there of [room, late]) {
      const zoe = await byAddress(there, "zoe@example.com");
      expect(zoe).toMatchObject({ identity: null, type: "email", attributes: { vip: true } });
      expect(zoe.bindings.email).toMatchObject({ ...email, type: "email", proxy_address: OURS });
      const phone = await byAddress(there, "+15557777777");
      expect([phone.type, phone.identity, phone.attributes]).toEqual(["sms", null, {}]);
      expect((await byAddress(there, "whatsapp:+15557777777")).type).toBe("whatsapp");
    }
    const [zoe, phone] = [await byAddress(room, "zoe@example.com"), await byAddress(room, "+15557777777")];
    await zoe.updateAttributes([1]);
    await until("the attributes", () => JSON.stringify(zoe.attributes) === "[1]");
    await zoe.remove();
    await room.removeParticipant(phone.sid);
    await until("both to be gone", async () => (await room.getParticipants()).length === 2);
    const left = await (await (await fresh("ann")).ready(room.sid)).getParticipants();
    expect(left.map(({ type }) => type).sort()).toEqual(["chat", "whatsapp"]);
    await room.addNonChatParticipant(OURS, "zoe@example.com");
    await until("her to be back", async () => (await room.getParticipants()).length === 3);
  },
);

conforms(
  ["Conversation.addNonChatParticipant"],
  "are refused without an address that can be theirs, and while they are in another conversation that is open",
  async () => {
    const [room, other] = [await hostedBy("ben", "first"), await hostedBy("ben", "second")];
    const refused: [ours: string, theirs: string, code: number][] = [
      [OURS, "nobody", 50407],
      [OURS, "+1", 50407],
      ["nobody", "ben@example.com", 50408],
      [OURS, "DESK@example.org", 50409],
      [OURS, "+15557777777", 50414],
      ["whatsapp:+15550001", "+15557777777", 50414],
    ];
    for (const [ours, theirs, code] of refused) {
      expect([theirs, await refusal(room.addNonChatParticipant(ours, theirs))]).toEqual([theirs, [400, code]]);
    }
    await room.addNonChatParticipant(OURS, "max@example.com");
    for (const each of [room, other]) {
      const error = await each.addNonChatParticipant(OURS, "MAX@example.com").then(
        () => undefined,
        (refusal) => refusal,
      );
      expect([error?.status, error?.body?.code]).toEqual([409, 50416]);
      expect(error?.body?.message?.endsWith(room.sid)).toBe(true);
    }
    expect((await (await (await fresh("ben")).ready(other.sid)).getParticipants()).length).toBe(1);
    await room.delete();
    await other.addNonChatParticipant(OURS, "max@example.com");
    await other.addNonChatParticipant("other@example.org", "max@example.com");
    const there = await (await fresh("ben")).ready(other.sid);
    expect((await there.getParticipants()).map(({ type }) => type).sort()).toEqual(["chat", "email", "email"]);
  },
);

const AGGREGATED = ["total", "sent", "delivered", "read", "undelivered", "failed"];
const DETAILED = ["sid", "messageSid", "conversationSid", "channelMessageSid", "participantSid", "status", "errorCode"];

conforms(
  [
    ...AGGREGATED.map((it) => `AggregatedDeliveryReceipt.${it}`),
    ...[...DETAILED, "dateCreated", "dateUpdated"].map((it) => `DetailedDeliveryReceipt.${it}`),
    ...["Message.aggregatedDeliveryReceipt", "Message.getDetailedDeliveryReceipts", "Message#updated"],
  ],
  "have receipts of what was sent to them, summed up and one by one, which does not make the message a newer one",
  async () => {
    const room = await hostedBy("cleo", "receipts");
    for (const who of ["a", "b"]) await room.addNonChatParticipant(OURS, `${who}@example.com`);
    await until("both", async () => (await room.getParticipants()).length === 3);
    const [a, b] = [await byAddress(room, "a@example.com"), await byAddress(room, "b@example.com")];
    await room.sendMessage("to both");
    const message = await first(room);
    const [updated, dated] = [heard(message, "updated"), message.dateUpdated];
    expect([message.aggregatedDeliveryReceipt, await message.getDetailedDeliveryReceipts()]).toEqual([null, []]);
    const none = { sent: "none", delivered: "none", read: "none", undelivered: "none", failed: "none" };
    const steps: [Participant, string, object, object][] = [
      [a, "sent", { channel_message_sid: "carrier 1" }, { total: 1, ...none, sent: "all" }],
      [b, "failed", { error_code: 30008 }, { total: 2, ...none, sent: "some", failed: "some" }],
      [a, "delivered", {}, { total: 2, ...none, sent: "some", delivered: "some", failed: "some" }],
      [
        b,
        "undelivered",
        { error_code: 30005 },
        { total: 2, ...none, sent: "all", delivered: "some", undelivered: "some" },
      ],
      [b, "read", {}, { total: 2, ...none, sent: "all", delivered: "all", read: "some" }],
    ];
    for (const [n, [who, status, more, shown]] of steps.entries()) {
      await report(room, message, who, status, more);
      await until(`step ${n}`, () => updated.length === n + 1);
      for (const each of [message, (await told("cleo", room.sid))[0]]) {
        const { total, sent, delivered, read, undelivered, failed } = each?.aggregatedDeliveryReceipt ?? {};
        expect({ total, sent, delivered, read, undelivered, failed }).toEqual(shown);
      }
    }
    expect(new Set(updated)).toEqual(new Set(["deliveryReceipt"]));
    const [late] = await told("cleo", room.sid);
    expect([late?.dateUpdated, late?.lastUpdatedBy]).toEqual([dated, null]);
    const receipts = (await late?.getDetailedDeliveryReceipts()) ?? [];
    const both = { messageSid: message.sid, conversationSid: room.sid, sid: expect.stringMatching(/^DY[0-9a-f]{32}$/) };
    expect(receipts).toEqual([
      expect.objectContaining({
        ...{ ...both, participantSid: a.sid, status: "delivered", errorCode: 0, channelMessageSid: "carrier 1" },
      }),
      expect.objectContaining({ ...both, participantSid: b.sid, status: "read", errorCode: 0 }),
    ]);
    for (const { dateCreated, dateUpdated } of receipts) {
      expect(new Date(dateUpdated).getTime()).toBeGreaterThanOrEqual(new Date(dateCreated).getTime());
      expect(new Date(dateCreated).getTime()).toBeGreaterThanOrEqual(dated?.getTime() ?? Number.NaN);
    }
  },
);

conforms(
  ["Message.getDetailedDeliveryReceipts", "DetailedDeliveryReceipt.participantSid"],
  "have as many receipts as there are people, read page by page",
  async () => {
    const room = await hostedBy("dan", "many receipts");
    const count = 50;
    for (let n = 0; n < count; n++) await room.addNonChatParticipant(OURS, `${n}@example.com`);
    await room.sendMessage("to all");
    const message = await first(room);
    const people = await until("all of them to be known", async () => {
      const known = (await room.getParticipants()).filter(({ type }) => type === "email");
      return known.length === count && known;
    });
    for (const person of people) await report(room, message, person, "sent");
    const receipts = (await (await told("dan", room.sid))[0]?.getDetailedDeliveryReceipts()) ?? [];
    expect(receipts.map(({ participantSid }) => participantSid)).toEqual(people.map(({ sid }) => sid));
  },
);

conforms(
  [
    ...["type", "messageSid", "level", "name", "address"].map((it) => `EmailRecipientDescriptor.${it}`),
    ...["type", "messageSid", "rawData"].map((it) => `UnknownRecipientDescriptor.${it}`),
    ...["items", "hasNextPage", "hasPrevPage", "nextPage", "prevPage"].map((it) => `RestPaginator.${it}`),
    ...["Message.getMessageRecipients", "Conversation.getMessageRecipients"],
  ],
  "are a message's recipients, if they were there when it was sent",
  async () => {
    const room = await hostedBy("eve", "recipients");
    const yan = { name: "Yan ü", address: "yan@example.com", level: "cc" as const };
    await room.sendMessage("to nobody");
    await room.addNonChatParticipant(OURS, yan.address, {}, { email: yan });
    await room.sendMessage("to one");
    await room.addNonChatParticipant("+15550001", "+15556666666");
    for (const body of ["to both", "to both, too"]) await room.sendMessage(body);
    const late = await (await fresh("eve")).ready(room.sid);
    const [nobody, one, both, too] = (await late.getMessages()).items as [Message, Message, Message, Message];
    const email = (message: Message) => ({ type: "email", messageSid: message.sid, ...yan });
    const phone = (message: Message) => ({ type: "sms", messageSid: message.sid });
    expect(await nobody.getMessageRecipients()).toEqual([]);
    expect(await one.getMessageRecipients()).toEqual([email(one)]);
    expect(await both.getMessageRecipients()).toMatchObject([email(both), phone(both)]);
    const [, unknown] = await both.getMessageRecipients();
    expect(JSON.parse((unknown as { rawData?: string } | undefined)?.rawData ?? "")).toMatchObject({
      ...{ type: "sms", message_sid: both.sid, address: "+15556666666" },
    });
    const all = await room.getMessageRecipients();
    const expected = [email(one), email(both), phone(both), email(too), phone(too)];
    expect([all.items, all.hasNextPage, all.hasPrevPage]).toMatchObject([expected, false, false]);
    const begin = await late.getMessageRecipients({ pageSize: 2 });
    expect([begin.items, begin.hasNextPage, begin.hasPrevPage]).toMatchObject([expected.slice(0, 3), true, false]);
    const next = await begin.nextPage();
    expect([next.items, next.hasNextPage, next.hasPrevPage]).toMatchObject([expected.slice(3), false, true]);
    await expect(next.nextPage()).rejects.toThrow("No next page");
    expect((await next.prevPage()).items).toEqual(begin.items);
    await expect(begin.prevPage()).rejects.toThrow("No previous page");
  },
);

conforms(
  ["ChannelMetadata.type", "ChannelMetadata.data", "Message.getChannelMetadata"],
  "write by channels that say more about a message than it does",
  async () => {
    const room = await hostedBy("finn", "metadata");
    for (const body of ["plain", "from afar"]) await room.sendMessage(body);
    const [, message] = (await room.getMessages()).items;
    const data = { subject: "ü😀", list: [1, { deep: null }] };
    await server.rest("POST", "/roomful/v1/channel-metadata", {
      ...{ conversation_sid: room.sid, message_sid: message?.sid, type: "whatsapp", data },
    });
    const [plain, fromAfar] = await told("finn", room.sid);
    expect(await plain?.getChannelMetadata()).toBeNull();
    const metadata = await fromAfar?.getChannelMetadata();
    expect([metadata?.type, metadata?.data]).toEqual(["whatsapp", data]);
    expect(fromAfar?.dateUpdated).toEqual(message?.dateUpdated);
  },
);
