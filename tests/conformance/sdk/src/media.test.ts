import type { Message } from "@twilio/conversations";
import { expect } from "vitest";
import {
  type Attachment,
  attached,
  download,
  expectFiles,
  file,
  form,
  last,
  noise,
  only,
  opened,
  options,
  pixel,
  same,
  shown,
} from "./files";
import { conforms, server, told } from "./stage";
import { heard } from "./told";
import { until } from "./wait";

const MEDIA = ["sid", "filename", "contentType", "size", "category", "getContentTemporaryUrl"].map(
  (it) => `Media.${it}`,
);
const SHOWN = ["type", "media", "attachedMedia", "getMediaByCategory", "getMediaByCategories"].map(
  (it) => `Message.${it}`,
);

conforms(
  ["Conversation.sendMessage", "Conversation#messageAdded", ...SHOWN, ...MEDIA],
  "is sent with a message, and downloaded by everybody in the conversation as it was",
  async () => {
    const { sid, rooms } = await opened("one file", "ann", "ben");
    const [hers, his] = rooms;
    const added = heard(his, "messageAdded");
    const picture = pixel();
    expect(await hers.sendMessage(options(picture), { mood: "good" })).toBe(0);
    await until("the message", () => added.length === 1);
    for (const message of [await last(hers), await last(his), await only(told("ben", sid))]) {
      expect(message).toMatchObject({
        type: "media",
        body: null,
        author: "ann",
        attributes: { mood: "good" },
        index: 0,
      });
      const media = attached(message);
      expect(shown(media)).toEqual([["pixel.png", "image/png", picture.bytes.length, "media"]]);
      expect(media[0]?.sid).toMatch(/^ME[0-9a-f]{32}$/);
      expect(message.media?.sid).toBe(media[0]?.sid);
      expect(message.getMediaByCategories(["media"])).toEqual(media);
      expect(message.getMediaByCategory(["media"])).toEqual(media);
      expect(message.getMediaByCategories(["body", "history"])).toEqual([]);
      const url = await media[0]?.getContentTemporaryUrl();
      await expectFiles([url, await media[0]?.getContentTemporaryUrl()], [picture, picture]);
      expect(new URL(url ?? "").port).toBe(new URL(server.url).port);
    }
  },
);

conforms(
  ["Conversation.sendMessage", "Media.filename", "Media.contentType", "Media.size", "Media.getContentTemporaryUrl"],
  "keeps its name, its type and every byte, whatever they are",
  async () => {
    const { sid, rooms } = await opened("odd files", "cleo");
    const files = [
      file("ü😀 – ключ.bin", "application/octet-stream"),
      file(`a&b=c?d#e%20"f'.txt`, "text/x-odd; charset=utf-8"),
      file("../../etc/passwd", "application/pdf"),
      file("one byte", "audio/ogg", 1),
      file("a megabyte.mp4", "video/mp4", 1_000_003),
      { name: "page.html", type: "text/html", bytes: new TextEncoder().encode("<script>alert(1)</script>") },
      { name: "x.svg", type: "image/svg+xml", bytes: new TextEncoder().encode("<svg onload='alert(1)'/>") },
    ];
    for (const each of files) await rooms[0].sendMessage(options(each));
    const text = new TextEncoder().encode("a text, ü😀\u0000\n");
    await rooms[0].sendMessage({ contentType: "text/plain", media: new TextDecoder().decode(text) });
    const messages = await told("cleo", sid);
    const media = messages.flatMap(attached);
    expect(shown(media)).toEqual([
      ...files.map(({ name, type, bytes }) => [name.replace(/.*\//, ""), type, bytes.length, "media"]),
      [null, "text/plain", text.length, "media"],
    ]);
    const urls = await Promise.all(media.map((each) => each.getContentTemporaryUrl()));
    const found = await Promise.all(urls.map((url) => download(url)));
    expect(found.map(({ status, bytes }, n) => [status, same(bytes, files[n]?.bytes ?? text)])).toEqual(
      media.map(() => [200, true]),
    );
  },
);

conforms(
  [
    ...["MessageBuilder.addMedia", "MessageBuilder.build", "MessageBuilder.buildAndSend", "UnsentMessage.send"],
    ...["UnsentMessage.mediaContent", "Conversation.prepareMessage", "Message.attachedMedia", "Message.body"],
  ],
  "comes with a text and with others, in the order in which they were added",
  async () => {
    const { sid, rooms } = await opened("several", "dan", "eve");
    const files = [pixel(), file("b.pdf", "application/pdf"), file("c.mp3", "audio/mpeg", 5000, 2)];
    const builder = rooms[0].prepareMessage().setBody("all of them").setSubject("why").setAttributes({ n: 3 });
    for (const each of files) builder.addMedia(options(each));
    const unsent = builder.build();
    expect(unsent.mediaContent).toHaveLength(3);
    expect(await unsent.send()).toBe(0);
    expect(
      await rooms[1]
        .prepareMessage()
        .addMedia(options(pixel("alone.png")))
        .buildAndSend(),
    ).toBe(1);
    const most = rooms[0].prepareMessage();
    for (let n = 0; n < 10; n++) most.addMedia(options(file(`${n}`, "text/plain", n + 1, n)));
    expect(await most.buildAndSend()).toBe(2);
    expect(() => most.addMedia(options(pixel())).build()).toThrow("Too many media attachments");
    expect(() => rooms[0].prepareMessage().addMedia({ contentType: null, media: "x" })).toThrow("non-empty");
    const [first, second, third, more] = await told("eve", sid);
    expect(first).toMatchObject({ body: "all of them", subject: "why", attributes: { n: 3 }, type: "media" });
    expect(second).toMatchObject({ body: null, type: "media", author: "eve" });
    expect(more).toBeUndefined();
    expect(shown(attached(first))).toEqual(files.map(({ name, type, bytes }) => [name, type, bytes.length, "media"]));
    expect(first?.media?.filename).toBe("pixel.png");
    expect(attached(third).map(({ filename }) => filename)).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`));
    const urls = (await first?.getTemporaryContentUrlsForAttachedMedia()) ?? new Map();
    await expectFiles([...urls.values()], files);
  },
);

conforms(
  ["Message.updateBody", "Message.updateAttributes", "Message.attachedMedia", "Message#updated"],
  "stays when the text and the attributes of its message are edited",
  async () => {
    const { sid, rooms } = await opened("edited", "lou", "max");
    await rooms[0].prepareMessage().setBody("frist").addMedia(options(pixel())).buildAndSend();
    const [mine, seen] = [await last(rooms[0]), await last(rooms[1])];
    const updated = heard(seen, "updated");
    await mine.updateBody("first");
    await until("the new text", () => updated.length === 1);
    await mine.updateAttributes({ edited: true });
    await until("the new attributes", () => updated.length === 2);
    expect(updated).toEqual(["body dateUpdated lastUpdatedBy", "attributes dateUpdated"]);
    for (const message of [seen, await only(told("max", sid))]) {
      expect([message.body, message.attributes, message.type]).toEqual(["first", { edited: true }, "media"]);
      await expectFiles([await attached(message)[0]?.getContentTemporaryUrl()], [pixel()]);
    }
  },
);

conforms(
  ["Conversation.sendMessage", "MessageBuilder.addMedia", "Media.filename", "Media.contentType"],
  "is sent as a form's field, too, with the name and the type that it has there",
  async () => {
    const { sid, rooms } = await opened("forms", "quin", "rosa");
    const files = [file("ü😀.bin", "application/x-odd", 300_000), pixel(), file("c", "text/plain", 10)];
    const [first, second, third] = files as [Attachment, Attachment, Attachment];
    expect(await rooms[0].sendMessage(form(first), { form: true })).toBe(0);
    const both = rooms[0].prepareMessage().setBody("both").addMedia(form(second)).addMedia(options(third));
    expect(await both.buildAndSend()).toBe(1);
    const messages = await told("rosa", sid);
    expect(messages.map(({ body, attributes }) => [body, attributes])).toEqual([
      [null, { form: true }],
      ["both", {}],
    ]);
    const media = messages.flatMap(attached);
    expect(shown(media)).toEqual(files.map(({ name, type, bytes }) => [name, type, bytes.length, "media"]));
    await expectFiles(await Promise.all(media.map((each) => each.getContentTemporaryUrl())), files);
  },
  { browser: "the SDK sends forms only from browsers" },
);

conforms(["Conversation.sendMessage"], "is not doubled when it is sent again under the same cid", async () => {
  const { sid, rooms } = await opened("again", "xena");
  const files = [pixel(), file("other", "text/plain")].map(options);
  for (const each of files) expect(await rooms[0].sendMessage(each, { cid: "one" })).toBe(0);
  const message = await only(told("xena", sid));
  expect(attached(message).map(({ filename }) => filename)).toEqual(["pixel.png"]);
});

conforms(["Conversation.sendMessage", "Message.attachedMedia"], "is there after the server was killed", async () => {
  const { sid, rooms } = await opened("killed", "yan");
  const large = { name: "large", type: "application/x-large", bytes: noise(3_000_000) };
  await rooms[0].sendMessage(options(large));
  await server.kill();
  await server.start();
  const message = await only(told("yan", sid));
  await expectFiles([await attached(message)[0]?.getContentTemporaryUrl()], [large]);
});

conforms(
  ["Conversation#messageAdded", "Message.attachedMedia", "Message.media", "Media.getContentTemporaryUrl"],
  "is seen, too, when the service sends it",
  async () => {
    const { sid, rooms } = await opened("by REST", "bea");
    const added: Message[] = [];
    rooms[0].on("messageAdded", (message) => added.push(message));
    const picture = pixel("from afar.png");
    const uploaded = await fetch(
      `${server.url}/v1/Services/${server.keys.service_sid}/Media?Category=media&Filename=from%20afar.png`,
      {
        method: "POST",
        headers: { "X-Twilio-Token": await server.token("bea"), "Content-Type": picture.type },
        body: picture.bytes,
      },
    );
    const { sid: media } = await uploaded.json();
    await server.rest("POST", `/v1/Conversations/${sid}/Messages`, { Author: "bea", Body: "look", MediaSid: media });
    await until("the message", () => added.length === 1);
    for (const message of [added[0] as Message, await only(told("bea", sid))]) {
      expect([message.body, message.media?.sid, message.type]).toEqual(["look", media, "media"]);
      expect(shown(attached(message))).toEqual([["from afar.png", "image/png", picture.bytes.length, "media"]]);
      await expectFiles([await attached(message)[0]?.getContentTemporaryUrl()], [picture]);
    }
  },
);
