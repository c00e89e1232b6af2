import type { Live } from "./live";

/** The service's addresses live for five minutes. */
const keptFor = 4 * 60_000;
/** As many as it is asked for at once. */
const most = 100;
/** Not an animation frame: a page that is not shown has none. */
const frame = 16;

interface Known {
  url: Promise<string>;
  until: number;
}

type Ask = { sid: string; resolve: (url: string) => void; reject: (error: unknown) => void };

/** Where files can be fetched from. What is asked for in the same frame is one question to the service. */
export function createFileUrls(live: Live, now: () => number = Date.now) {
  const known = new Map<string, Known>();
  const waiting: Ask[] = [];

  async function ask(): Promise<void> {
    const asks = waiting.splice(0, most);
    if (waiting.length) ask();
    try {
      if (!live.client) throw new Error("not connected");
      const urls = await live.client.getTemporaryContentUrlsForMediaSids(asks.map(({ sid }) => sid));
      for (const { sid, resolve, reject } of asks) {
        const url = urls.get(sid);
        if (url) resolve(url);
        else reject(new Error(`no file ${sid}`));
      }
    } catch (error) {
      for (const { reject } of asks) reject(error);
    }
  }

  function fetchUrl(sid: string): Promise<string> {
    const url = new Promise<string>((resolve, reject) => {
      if (!waiting.length) setTimeout(ask, frame);
      waiting.push({ sid, resolve, reject });
    });
    const entry = { url, until: now() + keptFor };
    known.set(sid, entry);
    url.catch(() => known.get(sid) === entry && known.delete(sid)); // asked again the next time
    return url;
  }

  return {
    /** The address of a file, by the SID of its medium; the same one until shortly before it runs out. */
    get(sid: string): Promise<string> {
      const found = known.get(sid);
      return found && found.until > now() ? found.url : fetchUrl(sid);
    },
    forget: (): void => known.clear(),
  };
}
