/** A browser's uploads: how far they are, over a line as slow as people have it. */
import type { CDPSession } from "vitest/browser";

/** The DevTools of the page that the tests run in, once they were used. */
let tools: (CDPSession & { send(method: string, options?: object): Promise<unknown> }) | undefined;

/** From now on the page sends at most so many bytes a second; null: as many as it can. WebSockets are not slowed. */
export async function sendAtMost(bytesPerSecond: number | null): Promise<void> {
  tools = (await import("vitest/browser")).cdp() as typeof tools;
  await tools?.send("Network.enable");
  const free = -1;
  await tools?.send("Network.emulateNetworkConditions", {
    ...{ offline: false, latency: 0, downloadThroughput: free, uploadThroughput: bytesPerSecond ?? free },
  });
}

/** One upload, in bytes. */
export interface Upload {
  total: number;
  /** What had been sent each time that the browser told it. */
  sent: number[];
}

/**
 * Every file that the page uploads from now on, until `end`. The SDK tells nothing of how far an upload is: an
 * application that shows it listens to the browser's own requests, as this does.
 */
export class Uploads {
  readonly all: Upload[] = [];
  private readonly send = XMLHttpRequest.prototype.send;

  constructor() {
    const { all, send } = this;
    XMLHttpRequest.prototype.send = function (this: XMLHttpRequest, body) {
      if (body instanceof Blob || body instanceof FormData) {
        const upload: Upload = { total: 0, sent: [] };
        all.push(upload);
        this.upload.addEventListener("progress", ({ loaded, total }) => {
          upload.total = total;
          upload.sent.push(loaded);
        });
      }
      send.call(this, body);
    };
  }

  end(): void {
    XMLHttpRequest.prototype.send = this.send;
  }
}
