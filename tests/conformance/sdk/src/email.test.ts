/** The bodies and histories of e-mails: files of their own kind, beside a message's attachments. */
import type { Media } from "@twilio/conversations";
import { expect } from "vitest";
import { attached, download, file, form, options, pixel, shown } from "./files";
import { conforms, connect, server, told } from "./stage";

const text = (words: string, type = "text/plain") => ({
  ...{ name: "words", type, bytes: new TextEncoder().encode(words) },
});

async function read(media: Media | null | undefined): Promise<string> {
  return new TextDecoder().decode((await download(await media?.getContentTemporaryUrl())).bytes);
}

const MEMBERS = [
  ...["MessageBuilder.setEmailBody", "MessageBuilder.setEmailHistory", "Message.getEmailBody"],
  ...["Message.getEmailHistory", "Message.getMediaByCategories", "Media.category"],
];

conforms(MEMBERS, "are sent with their message, as text and as HTML, and told from attachments", async () => {
  const room = await server.room("mail", "ann", "ben");
  const hers = await (await connect("ann")).ready(room.sid);
  const builder = hers
    .prepareMessage()
    .setSubject("ü😀")
    .setBody("short")
    .setEmailBody("text/plain", options(text("long, ü😀")))
    .setEmailBody("text/html", options(text("<p>long</p>", "text/html")))
    .setEmailHistory("text/plain", options(text("> before")))
    .setEmailHistory("text/html", options(text("<q>before</q>", "text/html")))
    .addMedia(options(pixel()));
  expect(await builder.buildAndSend()).toBe(0);
  expect(
    await hers
      .prepareMessage()
      .setEmailBody("text/plain", options(text("alone")))
      .buildAndSend(),
  ).toBe(1);
  const [mail, alone] = await told("ben", room.sid);
  expect([mail?.body, mail?.subject, mail?.type, alone?.type]).toEqual(["short", "ü😀", "media", "text"]);
  expect(attached(mail).map(({ filename }) => filename)).toEqual(["pixel.png"]);
  expect([await read(mail?.getEmailBody()), await read(mail?.getEmailBody("text/html"))]).toEqual([
    ...["long, ü😀", "<p>long</p>"],
  ]);
  expect([await read(mail?.getEmailHistory("text/plain")), await read(mail?.getEmailHistory("text/html"))]).toEqual([
    ...["> before", "<q>before</q>"],
  ]);
  expect(shown(mail?.getMediaByCategories(["body", "history"]) ?? []).map(([, type, , kind]) => [type, kind])).toEqual([
    ["text/plain", "body"],
    ["text/html", "body"],
    ["text/plain", "history"],
    ["text/html", "history"],
  ]);
  expect([await read(alone?.getEmailBody()), alone?.getEmailHistory(), attached(alone)]).toEqual(["alone", null, []]);
});

conforms(MEMBERS.slice(0, 2), "are text and HTML, and nothing else", async () => {
  const room = await server.room("other mail", "cleo");
  const hers = await (await connect("cleo")).ready(room.sid);
  const odd = options(file("odd", "text/markdown"));
  expect(() => hers.prepareMessage().setEmailBody("text/markdown", odd).build()).toThrow("Unsupported email body");
  expect(() => hers.prepareMessage().setEmailHistory("text/markdown", odd).build()).toThrow("Unsupported email hist");
  expect(await told("cleo", room.sid)).toEqual([]);
});

conforms(
  MEMBERS.slice(0, 4),
  "are sent as forms, too",
  async () => {
    const room = await server.room("forms of mail", "dan");
    const his = await (await connect("dan")).ready(room.sid);
    const builder = his
      .prepareMessage()
      .setEmailBody("text/plain", form(text("long")))
      .setEmailHistory("text/html", form(text("<q>before</q>", "text/html")));
    expect(await builder.buildAndSend()).toBe(0);
    const [mail] = await told("dan", room.sid);
    expect([await read(mail?.getEmailBody()), await read(mail?.getEmailHistory("text/html"))]).toEqual([
      ...["long", "<q>before</q>"],
    ]);
  },
  { browser: "the SDK sends forms only from browsers" },
);
