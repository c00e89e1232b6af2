import type { Conversation, Media, Message } from "@twilio/conversations";
import { expect } from "vitest";
import { attached, expectFiles, file, last, only, opened, options, pixel, refusedFile, shown, statuses } from "./files";
import { SOON } from "./person";
import { conforms, connect, fresh, server, told } from "./stage";
import { heard, refusal } from "./told";
import { until } from "./wait";

/** Milliseconds for which a link is good. */
const LINK_LIFETIME = 5 * 60 * 1000;
/** For how long a file waits for its message: one that had come before its upload was cancelled. */
const AN_HOUR = 60 * 60 * 1000;

const LINKS = [
  ...["Message.getTemporaryContentUrlsForMedia", "Message.getTemporaryContentUrlsForMediaSids"],
  ...["Message.getTemporaryContentUrlsForAttachedMedia", "Message.attachTemporaryUrlsFor"],
  ...["Client.getTemporaryContentUrlsForMedia", "Client.getTemporaryContentUrlsForMediaSids"],
];

conforms(LINKS, "has its link asked for together with others, by their message or by the client", async () => {
  const { sid, rooms } = await opened("links", "finn", "gina");
  const files = [pixel(), file("b.bin", "application/octet-stream"), file("c.txt", "text/plain")];
  const builder = rooms[0].prepareMessage();
  for (const each of files) builder.addMedia(options(each));
  await builder.buildAndSend();
  const { client } = await fresh("gina");
  const message = await only(await (await client.getConversationBySid(sid)).getMessages().then(({ items }) => items));
  const media = attached(message);
  const sids = media.map((each) => each.sid);
  const asked = [
    await message.getTemporaryContentUrlsForMedia(media),
    await message.getTemporaryContentUrlsForMediaSids(sids),
    await message.getTemporaryContentUrlsForAttachedMedia(),
    await client.getTemporaryContentUrlsForMedia(media),
    await client.getTemporaryContentUrlsForMediaSids(sids),
  ];
  for (const urls of asked) {
    expect([...urls.keys()]).toEqual(sids);
    await expectFiles([...urls.values()], files);
  }
  const linked = await message.attachTemporaryUrlsFor([...media].reverse());
  expect(shown(linked)).toEqual(shown([...media].reverse()));
  await expectFiles(await Promise.all(linked.map((each) => each.getContentTemporaryUrl())), [...files].reverse());
  expect([...(await client.getTemporaryContentUrlsForMediaSids(sids.slice(1, 2))).keys()]).toEqual([sids[1]]);
});

conforms(
  [...LINKS, "Media.getContentTemporaryUrl"],
  "has no link for who is not in its conversation, and none that leads anywhere when it is changed or old",
  async () => {
    const { sid, people, rooms } = await opened("closed", "hugo", "ida");
    await rooms[0].sendMessage(options(pixel()));
    const seen = await only(told("ida", sid));
    const [media] = attached(seen) as [Media];
    const url = await media.getContentTemporaryUrl();
    const stranger = await connect("jon");
    for (const unknown of [media.sid, `ME${"0".repeat(32)}`]) {
      const asked = stranger.client.getTemporaryContentUrlsForMediaSids([unknown]);
      await expect(asked).rejects.toMatch(`failed SID ${unknown}`);
    }
    const both = people[1].client.getTemporaryContentUrlsForMediaSids([media.sid, `ME${"0".repeat(32)}`]);
    await expect(both).rejects.toMatch("Failed to obtain");
    const forged = new URL(url ?? "");
    forged.searchParams.set("Expires", `${Number(forged.searchParams.get("Expires")) + 60}`);
    const unsigned = new URL(forged.pathname, forged);
    expect(await statuses([url, `${forged}`, `${unsigned}`])).toEqual([200, 403, 404]);
    await server.advance(LINK_LIFETIME + 1000);
    expect(await statuses([url, await media.getContentTemporaryUrl()])).toEqual([403, 200]);
    await server.rest("DELETE", `/v1/Conversations/${sid}/Participants/ida`);
    expect(await refusedFile(media.getContentTemporaryUrl())).toEqual([404, 50507]);
    await expect(seen.getTemporaryContentUrlsForAttachedMedia()).rejects.toMatch("failed SID");
    await expect(seen.attachTemporaryUrlsFor([media])).rejects.toMatch("failed SID");
    await server.join(sid, "jon");
    const later = await only(told("jon", sid));
    expect(await statuses([await attached(later)[0]?.getContentTemporaryUrl()])).toEqual([200]);
  },
);

conforms(
  ["Message.remove", "Conversation.delete", "Media.getContentTemporaryUrl", "Conversation#messageRemoved"],
  "goes with its message, and with its conversation, to the last byte",
  async () => {
    const kim = await connect("kim");
    const rooms: Conversation[] = [];
    for (const name of ["its message goes", "all goes"]) {
      const made = await kim.client.createConversation({ friendlyName: name });
      await made.join();
      rooms.push(await kim.ready(made.sid));
    }
    const [room, other] = rooms as [Conversation, Conversation];
    for (const to of [room, room, other, other]) await to.sendMessage(options(pixel()));
    const messages = [...(await room.getMessages()).items, ...(await other.getMessages()).items] as Message[];
    const media = messages.flatMap(attached);
    const urls = await Promise.all(media.map((each) => each.getContentTemporaryUrl()));
    expect(await statuses(urls)).toEqual([200, 200, 200, 200]);
    const stored = (await server.stored()).length;
    await messages[0]?.remove();
    expect(await statuses(urls)).toEqual([404, 200, 200, 200]);
    await until("its bytes to go", async () => (await server.stored()).length === stored - 1);
    expect(await refusedFile(media[0]?.getContentTemporaryUrl())).toEqual([404, 50507]);
    expect((await told("kim", room.sid)).map(({ sid }) => sid)).toEqual([messages[1]?.sid]);
    await other.delete();
    expect(await statuses(urls)).toEqual([404, 200, 404, 404]);
    await until("all bytes to go", async () => (await server.stored()).length === stored - 3);
    expect(await refusedFile(media[2]?.getContentTemporaryUrl())).toEqual([404, 50507]);
    expect(await statuses([await media[1]?.getContentTemporaryUrl()])).toEqual([200]);
  },
);

conforms(
  ["UnsentMessage.send", "MessageBuilder.buildAndSend", "MessageBuilder.addMedia"],
  "is not sent when its upload is cancelled, and nothing of it is left",
  async () => {
    const { sid, rooms } = await opened("cancelled", "nina", "oli");
    const before = await server.stored();
    const added = heard(rooms[1], "messageAdded");
    const large = file("large.bin", "application/octet-stream", 4_000_000);
    const sending = rooms[0].prepareMessage().setBody("no").addMedia(options(large)).build().send();
    const also = rooms[0].prepareMessage().addMedia(options(large)).buildAndSend();
    for (const each of [sending, also]) expect(each.cancel()).toBe(each);
    for (const each of [sending, also]) await expect(each).rejects.toThrow("Promise was cancelled");
    expect(await rooms[0].prepareMessage().setBody("yes").addMedia(options(pixel())).buildAndSend()).toBe(0);
    await until("what was sent", () => added.length === 1);
    expect((await told("oli", sid)).map(({ body }) => body)).toEqual(["yes"]);
    await server.advance(AN_HOUR + 1000);
    await (await last(rooms[0])).remove(); // the service looks at once what else may go
    await until("nothing to be left", async () => (await server.stored()).every((name) => before.includes(name)));
  },
);

conforms(
  [...LINKS.filter((name) => name !== "Message.attachTemporaryUrlsFor"), "Media.getContentTemporaryUrl"],
  "has no link when asking for it is cancelled",
  async () => {
    const { sid, people, rooms } = await opened("unasked", "pia");
    await rooms[0].sendMessage(options(pixel()));
    const message = await only(told("pia", sid));
    const media = attached(message) as [Media];
    const sids = media.map((each) => each.sid);
    const asking = [
      media[0].getContentTemporaryUrl(),
      message.getTemporaryContentUrlsForAttachedMedia(),
      message.getTemporaryContentUrlsForMedia(media),
      message.getTemporaryContentUrlsForMediaSids(sids),
      people[0].client.getTemporaryContentUrlsForMedia(media),
      people[0].client.getTemporaryContentUrlsForMediaSids(sids),
    ];
    for (const each of asking) each.cancel();
    for (const each of asking) await expect(each).rejects.toThrow("Promise was cancelled");
    expect([...(await message.getTemporaryContentUrlsForAttachedMedia()).keys()]).toEqual(sids);
    expect(await statuses([await media[0].getContentTemporaryUrl()])).toEqual([200]);
  },
);

conforms(
  ["Conversation.sendMessage", "MessageBuilder.addMedia"],
  "is not sent as a form's field where there is no browser",
  async () => {
    const { sid, rooms } = await opened("no forms", "sam");
    const field = new FormData(); // with 2.x another one than Node's own, which takes no Blob
    field.append("file", "words");
    const sending = [rooms[0].sendMessage(field), rooms[0].prepareMessage().addMedia(field).buildAndSend()];
    for (const each of sending) await expect(each).rejects.toThrow("only with browser engine's FormData");
    await rooms[0].sendMessage("in words, then");
    expect((await told("sam", sid)).map(({ body }) => body)).toEqual(["in words, then"]);
  },
  { node: "a browser sends it" },
);

conforms(
  ["Conversation.sendMessage", "Client.updateToken"],
  "is taken from who has a good token: not with one that expired, and again with the next",
  async () => {
    const room = await server.room("tokens", "tess", "uma");
    const tess = await connect("tess", { token: await server.token("tess", 600), ...SOON });
    const hers = await tess.ready(room.sid);
    await hers.sendMessage(options(pixel()));
    const mine = attached(await last(hers)) as [Media];
    await server.advance(601_000);
    expect(await refusedFile(mine[0].getContentTemporaryUrl())).toEqual([401, 20104]);
    expect(await refusedFile(hers.sendMessage(options(pixel())))).toEqual([401, 20104]);
    await expect(hers.sendMessage("too late")).rejects.toThrow(/disconnected|not initialized/);
    await tess.sees("tokenExpired");
    await tess.client.updateToken(await server.token("tess"));
    expect(await hers.sendMessage(options(pixel("again.png")))).toBe(1);
    expect(await statuses([await mine[0].getContentTemporaryUrl()])).toEqual([200]);
    const messages = await told("uma", room.sid);
    expect(messages.map(({ media }) => media?.filename)).toEqual(["pixel.png", "again.png"]);
  },
);

conforms(
  ["Conversation.sendMessage", "MessageBuilder.buildAndSend"],
  "is refused when it is larger than a message may have, with a word of how large that is",
  async () => {
    const { sid, people, rooms } = await opened("too large", "vic", "will");
    const limit = rooms[0].limits.mediaAttachmentSizeLimitInMb * 1024 * 1024;
    const before = await server.stored();
    const huge = { name: "huge.bin", type: "application/octet-stream", bytes: new Uint8Array(limit + 1) };
    for (const attempt of [
      () => rooms[0].sendMessage(options(huge)),
      () => rooms[0].prepareMessage().setBody("with it").addMedia(options(huge)).buildAndSend(),
    ]) {
      const error = await attempt().then(
        () => undefined,
        (refused) => refused,
      );
      expect([error?.code, error?.body?.code]).toEqual([413, 50512]);
      expect(error?.message).toMatch(/413.*150 MB/);
    }
    expect(await server.stored()).toEqual(before);
    expect(await rooms[0].sendMessage("without")).toBe(0);
    expect((await told("will", sid)).map(({ body }) => body)).toEqual(["without"]);
    expect(people[0].client.connectionState).toBe("connected");
  },
);

conforms(
  ["Conversation.sendMessage", "MessageBuilder.buildAndSend", "Message.type"],
  "is refused to who may only write",
  async () => {
    const { sid, rooms } = await opened("only words", "zoe", "abe");
    const role = await server.rest("POST", "/v1/Roles", {
      ...{ FriendlyName: "writer", Type: "conversation", Permission: ["sendMessage", "leaveConversation"] },
    });
    await server.rest("POST", `/v1/Conversations/${sid}/Participants/zoe`, { RoleSid: role.sid });
    const refused = [403, 50107];
    expect(await refusal(rooms[0].sendMessage(options(pixel())))).toEqual(refused);
    const both = rooms[0].prepareMessage().setBody("words").addMedia(options(pixel()));
    expect(await refusal(both.buildAndSend())).toEqual(refused);
    expect(await rooms[0].sendMessage("words")).toBe(0);
    expect((await told("abe", sid)).map(({ body, type }) => [body, type])).toEqual([["words", "text"]]);
  },
);
