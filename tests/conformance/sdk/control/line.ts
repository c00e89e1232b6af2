/** A TCP line to a server that a test can cut: what happens meanwhile must be replayed. */
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from "node:net";

/** Bytes that the client's acknowledgements stay below, and a request exceeds. */
const ACKNOWLEDGEMENTS = 400;

export class Line {
  private readonly sockets = new Set<Socket>();
  private readonly listener: Listener;
  private whole = true;
  private last: string | null = null;

  private constructor(port: number) {
    this.listener = createServer((near) => {
      if (!this.whole) {
        near.destroy();
        return;
      }
      const far = connect(port, "127.0.0.1");
      let deaf = false; // to the server, since the text of `cutAfter` came through
      let heard = 0;
      this.join(near, far, (chunk) => {
        far.write(chunk);
        if (deaf) heard += chunk.length;
        if (heard > ACKNOWLEDGEMENTS) this.cut();
      });
      this.join(far, near, (chunk) => {
        if (deaf) return;
        near.write(chunk);
        deaf = this.last !== null && chunk.includes(this.last);
        if (deaf) this.last = null;
      });
    });
  }

  /** Without `pipe`, which would read on when the other end has room again, though it was told to stall. */
  private join(one: Socket, other: Socket, carry: (chunk: Buffer) => void): void {
    this.sockets.add(one);
    one.on("data", carry);
    one.on("error", () => other.destroy());
    one.on("close", () => {
      this.sockets.delete(one);
      other.destroy();
    });
  }

  /** A line to this port of 127.0.0.1. */
  static async to(port: number): Promise<Line> {
    const line = new Line(port);
    await new Promise<void>((done) => line.listener.listen(0, "127.0.0.1", done));
    return line;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
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

  /** From now on nothing gets through, either way, and neither end is told. */
  stall(): void {
    for (const socket of this.sockets) socket.pause();
  }

  /** What waited goes on its way. */
  flow(): void {
    for (const socket of this.sockets) socket.resume();
  }

  close(): void {
    this.cut();
    this.listener.close();
  }
}
