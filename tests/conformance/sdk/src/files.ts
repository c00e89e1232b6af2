/** Files to upload, and what is found where the service says that they are. */
import type { Conversation, Media, Message, SendMediaOptions } from "@twilio/conversations";
import { expect } from "vitest";
import type { Person } from "./person";
import { connect, server } from "./stage";

/** A file as a person has it. */
export interface Attachment {
  name: string;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** An image of one pixel, as small as PNG allows. */
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

export const inBrowser = "window" in globalThis;

/** So many bytes in which every value comes, and no two files are the same that differ in `seed`. */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let n = 0; n < length; n++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[n] = state >>> 24;
  }
  return bytes;
}

export function file(name: string, type: string, length = 3000, seed = 1): Attachment {
  return { name, type, bytes: noise(length, seed) };
}

export function pixel(name = "pixel.png"): Attachment {
  return { name, type: "image/png", bytes: Uint8Array.from(atob(PIXEL), (letter) => letter.charCodeAt(0)) };
}

/** The file as the SDK takes it: a Blob in a browser; a Buffer in Node, where the SDK can send nothing else. */
export function options({ name, type, bytes }: Attachment): SendMediaOptions {
  return { contentType: type, filename: name, media: inBrowser ? new Blob([bytes]) : Buffer.from(bytes) };
}

/** The file as a form's field, in which it has its own name and type. */
export function form({ name, type, bytes }: Attachment): FormData {
  const data = new FormData();
  data.set("file", new Blob([bytes], { type }), name);
  return data;
}

/** The files of a message. */
export function attached(message: Message | undefined): Media[] {
  return message?.attachedMedia ?? [];
}

export function same(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return one.length === other?.length && one.every((byte, n) => byte === other[n]);
}

export interface Download {
  status: number;
  type: string | null;
  bytes: Uint8Array;
}

/** What the service gives to anybody who has the link; a browser may have it still. */
export async function download(url: string | null | undefined): Promise<Download> {
  if (!url) throw new Error("there is no link");
  const answer = await fetch(url, { cache: "no-store" });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { status: answer.status, type: answer.headers.get("Content-Type"), bytes };
}

/** A conversation of these people, opened by a client of each. */
export async function opened<Names extends string[]>(name: string, ...names: Names) {
  const room = await server.room(name, ...names);
  const people = await Promise.all(names.map((identity) => connect(identity)));
  const rooms = await Promise.all(people.map((person) => person.ready(room.sid)));
  return {
    sid: room.sid,
    people: people as { [N in keyof Names]: Person },
    rooms: rooms as { [N in keyof Names]: Conversation },
  };
}

export async function only(messages: Message[] | Promise<Message[]>): Promise<Message> {
  const [message, more] = await messages;
  if (!message || more) throw new Error("there is not just one message");
  return message;
}

/** The newest message of an opened conversation. */
export async function last(room: Conversation): Promise<Message> {
  const message = (await room.getMessages(1)).items[0];
  if (!message) throw new Error("there is no message");
  return message;
}

/** What a message tells of its files. */
export function shown(media: Media[]): [string | null, string, number, string][] {
  return media.map(({ filename, contentType, size, category }) => [filename, contentType, size, category]);
}

/** That the links lead to these files. */
export async function expectFiles(urls: (string | null | undefined)[], files: Attachment[]): Promise<void> {
  const found = await Promise.all(urls.map((url) => download(url)));
  expect(found.map(({ status, type }) => [status, type])).toEqual(files.map(({ type }) => [200, type]));
  expect(found.map(({ bytes }, n) => same(bytes, files[n]?.bytes))).toEqual(files.map(() => true));
}

/** HTTP status and Twilio's code with which the media service refused. */
export async function refusedFile(attempt: Promise<unknown> | undefined): Promise<[status: number, code: number]> {
  const error = await attempt?.then(
    () => undefined,
    (refused) => refused,
  );
  if (error?.code === undefined) throw error ?? new Error("it was not refused");
  return [error.code, error.body?.code];
}

/** Status of each link's answer. */
export async function statuses(urls: Iterable<string | null | undefined>): Promise<number[]> {
  return Promise.all([...urls].map(async (url) => (await download(url)).status));
}
