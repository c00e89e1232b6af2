/** A webhook of the application's: it is asked by the server, and answers as a test told it, by the event's name. */
import { createServer, type IncomingMessage, type Server as Listener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A status, with a JSON value to send; null: no answer until the test gives another one. */
export type HookAnswer = { status: number; body?: object } | null;
/** What a call said. */
export type Heard = Record<string, string>;

export class Hook {
  readonly heard: Heard[] = [];
  private readonly answers = new Map<string, HookAnswer>();
  private readonly waiting = new Map<ServerResponse, string>();
  private readonly listener: Listener = createServer((request, response) => void this.meet(request, response));

  /** A webhook on a port of its own, which lets everything pass. */
  static async open(): Promise<Hook> {
    const hook = new Hook();
    await new Promise<void>((done) => hook.listener.listen(0, "127.0.0.1", done));
    return hook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}/`;
  }

  /** From now on the event is answered so; also those who wait. */
  answer(event: string, answer: HookAnswer): void {
    this.answers.set(event, answer);
    for (const [response, of] of this.waiting) if (of === event && answer) this.reply(response, answer);
  }

  close(): void {
    this.listener.close();
    this.listener.closeAllConnections();
  }

  private async meet(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const heard = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    this.heard.push(heard);
    const event = heard.EventType ?? "";
    const answer = this.answers.has(event) ? this.answers.get(event) : { status: 200 };
    if (answer) this.reply(response, answer);
    else this.waiting.set(response, event);
  }

  private reply(response: ServerResponse, { status, body }: NonNullable<HookAnswer>): void {
    this.waiting.delete(response);
    response.writeHead(status, { "Content-Type": "application/json" }).end(body && JSON.stringify(body));
  }
}
