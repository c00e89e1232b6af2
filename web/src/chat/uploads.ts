/**
 * How far the SDK's uploads are. It tells nothing of that, so this listens to the page's own requests: whoever sends a
 * Blob that is watched here is asked how much of it has gone.
 */
const watched = new WeakMap<Blob, (sent: number) => void>();
let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (this: XMLHttpRequest, body) {
    const tell = body instanceof Blob && watched.get(body);
    if (tell) this.upload.addEventListener("progress", ({ loaded }) => tell(loaded));
    send.call(this, body);
  };
}

/** The same contents as Blobs whose uploads are watched; `tell` hears how much of all has gone, from 0 to 1. */
export function watchUploads(contents: Blob[], tell: (share: number) => void): Blob[] {
  listen();
  const total = contents.reduce((sum, { size }) => sum + size, 0);
  const sent = contents.map(() => 0);
  return contents.map((content, at) => {
    const own = content.slice(0, content.size, content.type); // a file may be in several messages
    watched.set(own, (bytes) => {
      sent[at] = Math.min(bytes, content.size);
      tell(total ? sent.reduce((sum, part) => sum + part, 0) / total : 1);
    });
    return own;
  });
}
