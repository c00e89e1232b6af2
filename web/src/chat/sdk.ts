import type { Connect, SdkClient } from "./surface";

/** The only file that imports the SDK, and only when it is needed: it is larger than the rest of the page together. */
const load = () => import("@twilio/conversations");

/** Starts the download of the SDK, so that it is there when the person has signed in. */
export function prefetchSdk(): void {
  load().catch(() => {}); // connect() asks again, and there a failure is shown
}

/** The server names its socket by a path where the page's own origin serves it; the SDK needs an absolute address. */
export function resolveSocket(options: Record<string, unknown>, page: { protocol: string; host: string }) {
  const twilsock = options.twilsock as { uri?: string } | undefined;
  if (!twilsock?.uri?.startsWith("/")) return options;
  const scheme = page.protocol === "https:" ? "wss:" : "ws:";
  return { ...options, twilsock: { ...twilsock, uri: `${scheme}//${page.host}${twilsock.uri}` } };
}

export const connect: Connect = async (token, options) => {
  const { Client } = await load();
  const client: Omit<SdkClient, "on"> = new Client(token, resolveSocket(options, window.location));
  return client as SdkClient; // `on` is the SDK's too; its generic event map only cannot be compared with ours
};
