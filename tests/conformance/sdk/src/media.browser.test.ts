import type { Media, Message } from "@twilio/conversations";
import { afterEach, expect } from "vitest";
import { type Attachment, attached, download, noise, options, same } from "./files";
import { conforms, connect, server, told } from "./stage";
import { heard } from "./told";
import { sendAtMost, Uploads } from "./uplink";
import { until } from "./wait";

/** Bytes a second of a fair line, and of a bad one. */
const [FAIR, BAD] = [500_000, 100_000];
const WIDTH = 320;
const HEIGHT = 240;
const RATE = 8000;

let uploads: Uploads | undefined;

afterEach(async () => {
  if (!uploads) return;
  uploads.end();
  uploads = undefined;
  await sendAtMost(null);
});

/** A picture of noise, red on its left half, so that it is large and known again. */
async function picture(): Promise<Attachment> {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const paper = canvas.getContext("2d");
  const pixels = new ImageData(new Uint8ClampedArray(noise(4 * WIDTH * HEIGHT)), WIDTH, HEIGHT);
  for (let n = 3; n < pixels.data.length; n += 4) pixels.data[n] = 255;
  paper?.putImageData(pixels, 0, 0);
  if (paper) paper.fillStyle = "#f00";
  paper?.fillRect(0, 0, 10, 10);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return { name: "picture.png", type: "image/png", bytes: new Uint8Array(await blob.arrayBuffer()) };
}

/** So many seconds of noise, as a WAV file of eight bits a sample. */
function sound(seconds: number): Attachment {
  const samples = noise(seconds * RATE);
  const head = new DataView(new ArrayBuffer(44));
  const words: [number, string][] = [
    [0, "RIFF"],
    [8, "WAVE"],
    [12, "fmt "],
    [36, "data"],
  ];
  for (const [at, word] of words) for (let n = 0; n < 4; n++) head.setUint8(at + n, word.charCodeAt(n));
  const numbers: [number, number][] = [
    [4, 36 + samples.length],
    [16, 16],
    [20, 0x10001], // PCM, one channel
    [24, RATE],
    [28, RATE],
    [32, 0x80001], // a byte a sample
    [40, samples.length],
  ];
  for (const [at, value] of numbers) head.setUint32(at, value, true);
  return { name: "sound.wav", type: "audio/wav", bytes: new Uint8Array([...new Uint8Array(head.buffer), ...samples]) };
}

/** The size of the picture, and the colour of its corner, as a page shows it. */
async function preview(url: string | null): Promise<[number, number, number[]]> {
  const image = new Image();
  image.crossOrigin = "anonymous";
  image.src = url ?? "";
  await image.decode();
  const paper = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d");
  paper?.drawImage(image, 0, 0);
  return [image.naturalWidth, image.naturalHeight, [...(paper?.getImageData(5, 5, 1, 1).data ?? [])]];
}

/** How many seconds a page's player finds the sound to last. */
async function listen(url: string | null): Promise<number> {
  const audio = new Audio(url ?? "");
  await new Promise((done, failed) => {
    audio.onloadedmetadata = done;
    audio.onerror = () => failed(new Error(audio.error?.message));
  });
  return audio.duration;
}

const WHY = { browser: "a person's browser uploads, shows and plays the files" };

conforms(
  [
    ...["MessageBuilder.addMedia", "UnsentMessage.send", "Message.attachedMedia", "Media.getContentTemporaryUrl"],
    ...["Message.getTemporaryContentUrlsForAttachedMedia", "Conversation#messageAdded"],
  ],
  "is uploaded with progress, three at a time, then shown, played and downloaded by the others",
  async () => {
    const room = await server.room("three files", "ann", "ben");
    const [hers, his] = [await (await connect("ann")).ready(room.sid), await (await connect("ben")).ready(room.sid)];
    const added: Message[] = [];
    his.on("messageAdded", (message) => added.push(message));
    const papers = { name: "papers.pdf", type: "application/pdf", bytes: noise(400_000, 7) };
    const files = [await picture(), sound(40), papers];
    uploads = new Uploads();
    await sendAtMost(FAIR);
    const builder = hers.prepareMessage().setBody("look");
    for (const file of files) builder.addMedia(options(file));
    expect(await builder.build().send()).toBe(0);
    expect(uploads.all.map(({ total }) => total)).toEqual(files.map(({ bytes }) => bytes.length));
    for (const { total, sent } of uploads.all) {
      expect(sent).toEqual([...new Set(sent)].sort((a, b) => a - b));
      expect([sent.at(-1), sent.length > 2]).toEqual([total, true]);
    }
    await until("the message", () => added.length === 1);
    const late = (await told("ben", room.sid))[0] as Message;
    for (const message of [added[0] as Message, late]) {
      const urls = [...(await message.getTemporaryContentUrlsForAttachedMedia()).values()];
      expect(await preview(urls[0] ?? null)).toEqual([WIDTH, HEIGHT, [255, 0, 0, 255]]);
      expect(await listen(urls[1] ?? null)).toBe(40);
      for (const [n, media] of attached(message).entries()) {
        const { status, type, bytes } = await download(await media.getContentTemporaryUrl());
        expect([status, type, same(bytes, files[n]?.bytes)]).toEqual([200, files[n]?.type, true]);
      }
    }
  },
  WHY,
);

conforms(
  ["MessageBuilder.addMedia", "MessageBuilder.buildAndSend", "UnsentMessage.send"],
  "leaves nothing when its upload is cancelled half-way",
  async () => {
    const room = await server.room("cancelled", "cleo", "dan");
    const [hers, his] = [await (await connect("cleo")).ready(room.sid), await (await connect("dan")).ready(room.sid)];
    const added = heard(his, "messageAdded");
    const before = (await server.stored()).length;
    uploads = new Uploads();
    await sendAtMost(BAD);
    const large = { name: "large.mp4", type: "video/mp4", bytes: noise(40 * BAD) };
    const sending = hers.prepareMessage().setBody("no").addMedia(options(large)).buildAndSend();
    await until("the upload to be under way", () => (uploads?.all[0]?.sent.at(-1) ?? 0) > 0);
    await until("its first bytes to be there", async () => (await server.stored()).length > before);
    sending.cancel();
    await expect(sending).rejects.toThrow("Promise was cancelled");
    await until("nothing to be left of it", async () => (await server.stored()).length === before);
    expect(uploads.all[0]?.sent.at(-1)).toBeLessThan(large.bytes.length);
    await sendAtMost(null);
    expect(await hers.sendMessage("instead")).toBe(0);
    await until("what was sent instead", () => added.length === 1);
    expect((await told("dan", room.sid)).map(({ body }) => body)).toEqual(["instead"]);
  },
  WHY,
);

conforms(
  ["Conversation.sendMessage", "Media.size"],
  "is refused with a clear word when it is too large, and the largest is not",
  async () => {
    const room = await server.room("too large", "eve", "finn");
    const hers = await (await connect("eve")).ready(room.sid);
    const limit = hers.limits.mediaAttachmentSizeLimitInMb * 1024 * 1024;
    const send = (length: number) =>
      hers.sendMessage({ contentType: "application/x-huge", media: new Blob([new Uint8Array(length)]) });
    const before = await server.stored();
    const refused = await send(limit + 1).then(
      () => undefined,
      (error) => error,
    );
    expect([refused?.code, refused?.body?.code]).toEqual([413, 50512]);
    expect(refused?.message).toMatch(/413.*150 MB/);
    expect(await server.stored()).toEqual(before);
    expect(await send(limit)).toBe(0);
    const [media] = attached((await told("finn", room.sid))[0]) as [Media];
    expect(media.size).toBe(limit);
    expect(
      (await fetch((await media.getContentTemporaryUrl()) ?? "", { method: "HEAD" })).headers.get("Content-Length"),
    ).toBe(`${limit}`);
  },
  { ...WHY, timeout: 60_000 },
);
