/** A TCP line to a server that a test can cut: what happens meanwhile must be replayed. */
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from "node:net";

/** Bytes that the client's acknowledgements stay below, and a request exceeds. */
const ACKNOWLEDGEMENTS = 400;

export class Line {
  private readonly pairs = new Map<Socket, Socket>();
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
      this.join(near, far);
      this.join(far, near);
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

  private join(one: Socket, other: Socket): void {
    this.pairs.set(one, other);
    one.on("error", () => other.destroy());
    one.on("close", () => {
      this.pairs.delete(one);
      other.destroy();
    });
    one.pipe(other);
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
    for (const socket of this.pairs.keys()) socket.destroy();
  }

  mend(): void {
    this.whole = true;
  }

  /** From now on nothing gets through, either way, and neither end is told. */
  stall(): void {
    for (const socket of this.pairs.keys()) socket.unpipe().pause();
  }

  /** What waited goes on its way. */
  flow(): void {
    for (const [one, other] of this.pairs) one.pipe(other);
  }

  close(): void {
    this.cut();
    this.listener.close();
  }
}
