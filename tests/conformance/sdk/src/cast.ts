/** People of each kind of ../../permissions.md, and rooms of their own in which they try what the table names. */
import type { Conversation, Message, Participant, User } from "@twilio/conversations";
import table from "../../permissions.md?raw";
import { Person } from "./person";
import type { Server } from "./server";
import { server } from "./stage";
import { until } from "./wait";

export interface Row {
  operation: string;
  /** By the kind of person: `ok`, or status and code. */
  outcomes: Record<string, string>;
}

const cells = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The table's first part: what clients ask for. */
export const ROWS: Row[] = (() => {
  const section = table.split("\n## Requests of clients\n")[1]?.split("\n## ")[0] ?? "";
  const [head = [], , ...body] = section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map(cells);
  return body.map((row) => ({
    operation: row[0] ?? "",
    outcomes: Object.fromEntries(head.slice(4).map((actor, n) => [actor, row[n + 4] ?? ""])),
  }));
})();

export const ACTORS = Object.keys(ROWS[0]?.outcomes ?? {});

export function outcomes(operation: string): Record<string, string> {
  const row = ROWS.find((each) => each.operation === operation);
  if (row === undefined) throw new Error(`the table has no "${operation}"`);
  return row.outcomes;
}

/** A channel user who is in every room. */
export const OTHER = "other";

const SERVICE_ROLES: Record<string, string> = {
  outsider: "nothing (service)",
  mute: "nothing (service)",
  moderator: "moderator",
  administrator: "service admin",
  "joined administrator": "service admin",
};
const CONVERSATION_ROLES: Record<string, string> = {
  "channel admin": "channel admin",
  "channel user": "channel user",
  mute: "nothing (conversation)",
  "joined administrator": "channel user",
};

/** Whether this kind of person is in the room. */
export function isMember(actor: string): boolean {
  return actor in CONVERSATION_ROLES;
}

const friendOf = (actor: string) => `friend of ${actor}`;

/** What a person is to try something on. `me` is only there for who is, or was, in the room. */
export interface Case {
  actor: string;
  person: Person;
  room: Conversation;
  mine: Message;
  theirs: Message;
  me: Participant | null;
  them: Participant;
  friend: User;
}

export class Cast {
  private constructor(
    readonly people: Map<string, Person>,
    private readonly roles: Map<string, string>,
  ) {}

  /** One client of each kind. REST makes no role without a permission, so "nothing" holds one that nothing asks for. */
  static async gather(on: Server): Promise<Cast> {
    const made: [string, string, string[]][] = [
      ["nothing (service)", "service", ["addNonChatParticipant"]],
      ["nothing (conversation)", "conversation", ["addNonChatParticipant"]],
      ["moderator", "service", ["editAnyMessage", "deleteAnyMessage"]],
    ];
    for (const [FriendlyName, Type, Permission] of made) {
      await on.rest("POST", "/v1/Roles", { FriendlyName, Type, Permission });
    }
    const { roles } = await on.rest<{ roles: { sid: string; friendly_name: string }[] }>("GET", "/v1/Roles");
    const sids = new Map(roles.map((role) => [role.friendly_name, role.sid]));
    const people = await Promise.all(
      ACTORS.map(async (actor) => {
        const RoleSid = sids.get(SERVICE_ROLES[actor] ?? "service user");
        await on.rest("POST", "/v1/Users", { Identity: actor, RoleSid });
        await on.rest("POST", "/v1/Users", { Identity: friendOf(actor) });
        const person = await Person.of(on, actor);
        await person.arrive();
        return [actor, person] as const;
      }),
    );
    return new Cast(new Map(people), sids);
  }

  async leave(): Promise<void> {
    await Promise.all([...this.people.values()].map((person) => person.leave()));
  }

  /** A room of one's own for each, of which `watcher` is a member. */
  async cases(watcher: string): Promise<Case[]> {
    return Promise.all(ACTORS.map((actor) => this.case(actor, watcher)));
  }

  private async case(actor: string, watcher: string): Promise<Case> {
    const person = this.people.get(actor);
    if (person === undefined) throw new Error(`nobody is ${actor}`);
    const sid = await this.build(actor, person, watcher);
    const outside = outcomes("open")[actor] !== "ok";
    // An outsider has objects only from better days: it was in the room, and was removed.
    if (outside) await server.join(sid, actor);
    const room = await person.ready(sid);
    const [messages, members] = [(await room.getMessages()).items, await room.getParticipants()];
    const find = <T>(all: T[], what: string, test: (one: T) => boolean): T => {
      const found = all.find(test);
      if (found === undefined) throw new Error(`${actor} sees no ${what}`);
      return found;
    };
    const found: Case = {
      actor,
      person,
      room,
      mine: find(messages, "message of its own", (each) => each.body === "mine"),
      theirs: find(messages, "other message", (each) => each.body === "theirs"),
      me: members.find((each) => each.identity === actor) ?? null,
      them: find(members, "other member", (each) => each.identity === OTHER),
      friend: await person.client.getUser(friendOf(actor)),
    };
    if (outside) {
      await server.rest("DELETE", `/v1/Conversations/${sid}/Participants/${actor}`);
      await until(`${actor} to be out`, () => room.status === "notParticipating");
    }
    return found;
  }

  private async build(actor: string, person: Person, watcher: string): Promise<string> {
    const named = { friendlyName: "room", uniqueName: `${watcher} of ${actor}` };
    const made = actor === "creator" ? await person.client.createConversation(named) : null;
    const rest = { FriendlyName: named.friendlyName, UniqueName: named.uniqueName };
    const sid = made?.sid ?? (await server.rest<{ sid: string }>("POST", "/v1/Conversations", rest)).sid;
    for (const member of [OTHER, watcher]) await server.join(sid, member);
    await server.say(sid, actor, "mine");
    await server.say(sid, OTHER, "theirs");
    const role = CONVERSATION_ROLES[actor];
    const mine = role && { Identity: actor, RoleSid: this.roles.get(role) };
    if (mine) await server.rest("POST", `/v1/Conversations/${sid}/Participants`, mine);
    return sid;
  }
}

/** How an attempt ended, as the table writes it. A refusal must say why. */
export async function outcome(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => null,
    (refused) => refused,
  );
  if (error === null) return "ok";
  const { status, body, code } = error;
  if (status === undefined) throw error;
  if (body !== undefined && (body.status !== status || !body.message)) throw new Error(JSON.stringify(error));
  return `${status} ${body?.code ?? code}`;
}
