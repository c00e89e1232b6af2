/** A TCP line to the server that a test can cut: what happens meanwhile must be replayed. */
import { call } from "./call";
import type { Server } from "./server";

const laid: Cable[] = [];

export class Cable {
  private constructor(
    private readonly id: string,
    /** What a client connects to: `connect("ann", { socket: cable.socket })`. */
    readonly socket: string,
  ) {}

  /** A new line; it goes when the test ends. */
  static async to(server: Server): Promise<Cable> {
    const { id, port } = await call("lay", server.id);
    const cable = new Cable(id, `ws://127.0.0.1:${port}/v3/wsconnect`);
    laid.push(cable);
    return cable;
  }

  /** Once `text` has come through from the server, cut the line at the next request: it will have no answer. */
  async cutAfter(text: string): Promise<void> {
    await call("cutAfter", this.id, text);
  }

  async cut(): Promise<void> {
    await call("cut", this.id);
  }

  async mend(): Promise<void> {
    await call("mend", this.id);
  }

  /** From now on nothing gets through, and neither end is told: a black hole. */
  async stall(): Promise<void> {
    await call("stall", this.id);
  }

  /** What waited goes on its way. */
  async flow(): Promise<void> {
    await call("flow", this.id);
  }

  /** Take all lines up; the stage does it after each test. */
  static async takeUpAll(): Promise<void> {
    await Promise.all(laid.splice(0).map((cable) => call("takeUp", cable.id)));
  }
}
