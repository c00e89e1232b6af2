/** A TCP line to the server that a test can cut: what happens meanwhile must be replayed. */
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from "node:net";
import type { Server } from "./server";

/** Bytes that the client's acknowledgements stay below, and a request exceeds. */
const ACKNOWLEDGEMENTS = 400;

export class Cable {
  private readonly sockets = new Set<Socket>();
  private readonly listener: Listener;
  private whole = true;
  private last: string | null = null;

  private constructor(server: Server) {
    this.listener = createServer((near) => {
      if (!this.whole) {
        near.destroy();
        return;
      }
      const far = connect(Number(new URL(server.url).port), "127.0.0.1");
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
      far.on("data", (chunk) => {
        if (this.last === null || !chunk.includes(this.last)) return;
        this.last = null;
        far.unpipe(near);
        let heard = 0;
        near.on("data", (data) => {
          heard += data.length;
          if (heard > ACKNOWLEDGEMENTS) this.cut();
        });
      });
    });
  }

  static async to(server: Server): Promise<Cable> {
    const cable = new Cable(server);
    await new Promise<void>((done) => cable.listener.listen(0, "127.0.0.1", done));
    return cable;
  }

  get socket(): string {
    return `ws://127.0.0.1:${(this.listener.address() as AddressInfo).port}/v3/wsconnect`;
  }

  /** Once `text` has come through from the server, cut the line at the next request: it will have no answer. */
  cutAfter(text: string): void {
    this.last = text;
  }

  cut(): void {
    this.whole = false;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.whole = true;
  }

  close(): void {
    this.cut();
    this.listener.close();
  }
}
