/** What objects of the SDK tell, and how the service refuses, in a form to expect. */
import type { Client, Conversation, JSONValue, Message, Participant, User } from "@twilio/conversations";
import type { Person } from "./person";

type Told = { updateReasons: string[] } | Message | Participant | Conversation;
type Teller = Pick<Client | Conversation | Participant | Message | User, "on">;

/**
 * What `teller` emits under `event` from now on, an entry an event: the reasons of an update, a message's body, a
 * participant's identity or a conversation's SID.
 */
export function heard(teller: Teller, event: string): string[] {
  const events: string[] = [];
  const listen = teller.on.bind(teller) as (event: string, listener: (told: Told) => void) => void;
  listen(event, (told) => events.push(inWords(told)));
  return events;
}

function inWords(told: Told): string {
  if ("updateReasons" in told) return [...told.updateReasons].sort().join(" ");
  if ("body" in told) return told.body ?? "";
  return "identity" in told ? (told.identity ?? "") : told.sid;
}

/** HTTP status and Twilio's code with which the service refused. Throws if it did what was asked. */
export async function refusal(attempt: Promise<unknown>): Promise<[status: number, code: number]> {
  const error = await attempt.then(
    () => {
      throw new Error("it was not refused");
    },
    (refused) => refused,
  );
  if (error?.status === undefined) throw error;
  return [error.status, error.body?.code ?? error.code];
}

/** A conversation made and joined by `host`, who may do everything in it, with these people added; all of it opened. */
export async function hosted(host: Person, friendlyName: string, ...guests: string[]): Promise<Conversation> {
  const room = await host.client.createConversation({ friendlyName });
  await room.join();
  for (const guest of guests) await room.add(guest);
  await host.sees(`joined: ${friendlyName}`);
  return host.ready(room.sid);
}

/** Values of every JSON type, plain and at the edges. */
export const JSON_VALUES: JSONValue[] = [
  ...[null, true, false],
  ...[0, -1, 7.25, 1e-7, Number.MAX_SAFE_INTEGER, 1e21, Number.MAX_VALUE, Number.MIN_VALUE],
  ...["", "text", "7", "null", "{}", 'ü😀\u2028"\\/\n\t\u0001', "\u0000 and \ud83d"],
  ...[{}, [], [1, ["two", [null]]], { "": { list: [1, { deep: true }] }, ключ: "値", cid: 5 }],
];
