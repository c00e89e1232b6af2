/** Tabs of one browser: pages of their own (iframes), each with its own copy of the SDK (see tab.page.ts). */
import type { Server } from "./server";
import { until } from "./wait";

/** What a tab's page offers to the page of the test. */
export interface TabPage {
  /** A new client; resolves when it is initialized. */
  open(token: string, socket: string): Promise<void>;
  /** What its client was told, as `event: detail`. */
  readonly events: string[];
  send(sid: string, body: string): Promise<void>;
  bodies(sid: string): Promise<string[]>;
  connectionState(): string;
}

declare global {
  interface Window {
    tab?: TabPage;
  }
}

const opened: HTMLIFrameElement[] = [];

export class Tab {
  private constructor(
    private readonly server: Server,
    private readonly identity: string,
    private readonly frame: HTMLIFrameElement,
  ) {}

  static async of(server: Server, identity: string): Promise<Tab> {
    const frame = document.createElement("iframe");
    frame.srcdoc = `<script type="module" src="${new URL("./tab.page.ts", import.meta.url)}"></script>`;
    const tab = new Tab(server, identity, frame);
    opened.push(frame);
    document.body.append(frame);
    await tab.connect();
    return tab;
  }

  get page(): TabPage {
    const page = this.frame.contentWindow?.tab;
    if (!page) throw new Error("the tab's page is not there");
    return page;
  }

  private async connect(): Promise<void> {
    await until("the tab's page", () => this.frame.contentWindow?.tab !== undefined);
    await this.page.open(await this.server.token(this.identity), this.server.socket);
  }

  /** Load the page again, as a person would: the old client gets no chance to say good-bye. */
  async reload(): Promise<void> {
    const old = this.page;
    this.frame.contentWindow?.location.reload();
    await until("the old page to go", () => this.frame.contentWindow?.tab !== old);
    await this.connect();
  }

  async sees(event: string): Promise<void> {
    await until(`the tab to see "${event}" (saw ${JSON.stringify(this.page.events)})`, () =>
      this.page.events.includes(event),
    );
  }

  close(): void {
    this.frame.remove();
  }

  static closeAll(): void {
    for (const frame of opened.splice(0)) frame.remove();
  }
}
