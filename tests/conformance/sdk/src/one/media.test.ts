/**
 * Media on SDK 1.1.0. It puts Twilio's host before the address that it is given, and https; ours makes a user's name of
 * that host (docs/protocol.md, "SDK 1.1.0"), so it works behind TLS.
 */
import { afterAll, beforeAll, expect } from "vitest";
import { conforms, server } from "../stage";
import { connect, fresh, told } from "./person";

const TRUST = "NODE_TLS_REJECT_UNAUTHORIZED";
/** Node's environment; a browser was told at its start not to ask who made a certificate. */
const environment: Record<string, string | undefined> = "process" in globalThis ? process.env : {};
const before = environment[TRUST];

beforeAll(async () => {
  environment[TRUST] = "0";
  await server.secure();
});
afterAll(() => {
  if (before === undefined) delete environment[TRUST];
  else environment[TRUST] = before;
});

const BYTES = Uint8Array.from({ length: 5_000 }, (_, n) => (n * 7) % 256);

conforms(
  [
    ...["Media.sid", "Media.filename", "Media.contentType", "Media.size", "Media.getContentTemporaryUrl"],
    ...["Message.media", "Message.type", "Message.body", "Conversation.sendMessage"],
  ],
  "are sent behind TLS, as text and as bytes, and fetched by a link",
  async () => {
    const { sid } = await server.room("files", "ann", "ben");
    const room = await (await connect("ann")).ready(sid);
    const bytes = "window" in globalThis ? new Blob([BYTES]) : Buffer.from(BYTES);
    expect(await room.sendMessage("two files:")).toBe(0);
    expect(await room.sendMessage({ contentType: "text/plain", media: "hello, 2020" }, { a: 1 })).toBe(1);
    expect(await room.sendMessage({ contentType: "application/zip", media: bytes as unknown as Buffer })).toBe(2);
    const [words, ...messages] = await told("ben", sid);
    expect([words?.type, words?.body, words?.media]).toEqual(["text", "two files:", null]);
    expect(messages.map(({ type, body, attributes }) => [type, body, attributes])).toEqual([
      ["media", null, { a: 1 }],
      ["media", null, {}],
    ]);
    const [text, zip] = messages.map((message) => message.media);
    expect(text).toMatchObject({ contentType: "text/plain", size: 11, filename: null });
    expect(zip).toMatchObject({ contentType: "application/zip", size: BYTES.length });
    expect([text?.sid.slice(0, 2), text?.sid === zip?.sid]).toEqual(["ME", false]);
    const link = await text?.getContentTemporaryUrl();
    expect(await (await fetch(link ?? "")).text()).toBe("hello, 2020");
    const fetched = await fetch((await zip?.getContentTemporaryUrl()) ?? "");
    expect(new Uint8Array(await fetched.arrayBuffer())).toEqual(BYTES);
  },
);

conforms(
  ["Media.filename", "Media.contentType", "Conversation.sendMessage"],
  "are sent from a form, with their names",
  async () => {
    const { sid } = await server.room("forms", "cleo", "dan");
    const room = await (await connect("cleo")).ready(sid);
    const form = new FormData();
    form.append("file", new Blob(["one, two"], { type: "text/csv" }), "numbers.csv");
    await room.sendMessage(form);
    const [message] = await told("dan", sid);
    expect(message?.media).toMatchObject({ filename: "numbers.csv", contentType: "text/csv", size: 8 });
  },
  { browser: "the SDK takes forms in browsers only" },
);

conforms(
  ["Media.getContentTemporaryUrl", "Message.media"],
  "cannot be fetched by who is not in the room any more",
  async () => {
    const { sid } = await server.room("closed", "eve", "fay");
    const room = await (await connect("eve")).ready(sid);
    await room.sendMessage({ contentType: "text/plain", media: "for members" });
    const fay = await fresh("fay");
    const [message] = await fay.history(sid);
    await server.rest("DELETE", `/v1/Conversations/${sid}/Participants/fay`);
    await fay.sees("removed: closed");
    await expect(message?.media?.getContentTemporaryUrl()).rejects.toThrow("404");
  },
);
