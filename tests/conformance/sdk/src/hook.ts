/** A webhook that the server asks before something happens; it lets everything pass that it is not told about. */
import type { Heard, HookAnswer } from "../control/hook";
import { call } from "./call";
import type { Server } from "./server";
import { until } from "./wait";

const asked: Hook[] = [];

export class Hook {
  private constructor(
    private readonly server: Server,
    private readonly id: string,
  ) {}

  /** The service's webhook for these events, such as "onMessageAdd"; it goes when the test ends. */
  static async of(server: Server, ...events: string[]): Promise<Hook> {
    const { id, url } = await call("hook");
    const hook = new Hook(server, id);
    asked.push(hook);
    await hook.configure({ PreWebhookUrl: url, Filters: events });
    return hook;
  }

  /** From now on an event is refused with this status, or lets pass what the value puts in place. */
  async answers(event: string, status: number, body?: object): Promise<void> {
    await call("hookAnswers", this.id, event, body ? { status, body } : { status });
  }

  /** From now on an event has no answer; those who wait have one when `answers` gives it. */
  async hangs(event: string): Promise<void> {
    await call("hookAnswers", this.id, event, null as HookAnswer);
  }

  /** The calls that came, once there are `count`. */
  async heard(count = 0): Promise<Heard[]> {
    let heard: Heard[] = [];
    await until(`${count} calls of the webhook`, async () => {
      heard = await call("hookHeard", this.id);
      return heard.length >= count;
    });
    return heard;
  }

  private async configure(values: object): Promise<void> {
    const path = `/v1/Services/${this.server.keys.service_sid}/Configuration/Webhooks`;
    await this.server.rest("POST", path, values);
  }

  /** Take all webhooks away; the stage does it after each test. */
  static async takeAway(): Promise<void> {
    for (const hook of asked.splice(0)) {
      await hook.configure({ PreWebhookUrl: "" });
      await call("hookEnds", hook.id);
    }
  }
}
