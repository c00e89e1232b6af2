import { beforeEach, describe, expect, it, vi } from "vitest";
import { withoutTraces } from "./jpeg";
import { fixture } from "./testing/fixture";
import { watchUploads } from "./uploads";

const MB = 1024 * 1024;

/** A file that says that it has so many bytes. */
function file(name: string, size = 3, type = "text/plain"): File {
  const made = new File(["abc"], name, { type });
  Object.defineProperty(made, "size", { value: size });
  return made;
}

beforeEach(() => {
  vi.stubGlobal("createImageBitmap", async (picture: Blob) => {
    if ((await picture.text()) !== "abc") throw new Error("no picture");
    return { width: 640, height: 480, close: () => {} };
  });
});

async function open() {
  const all = fixture();
  const room = all.server.room("CH1", "#sales");
  await all.enter();
  all.chat.openRoom("CH1");
  await all.settled();
  const names = () => all.state().enclosures.CH1?.files.map(({ name }) => name) ?? [];
  const row = () => all.state().outbox.CH1?.[0];
  return { ...all, room, names, row };
}

describe("what goes with a draft", () => {
  it("is there at once, and measured then", async () => {
    const { chat, names, state } = await open();
    const attached = chat.attach("CH1", [file("a.png", 3, "image/png"), file("b", 3, "")]);
    expect(names()).toEqual(["a.png", "b"]);
    expect(await attached).toEqual([]);
    const [picture, other] = state().enclosures.CH1?.files ?? [];
    expect(picture).toMatchObject({ type: "image/png", width: 640, height: 480 });
    expect(other).toMatchObject({ type: "application/octet-stream", width: null });
    chat.detach("CH1", picture?.id ?? "");
    expect(names()).toEqual(["b"]);
    chat.detach("CH1", other?.id ?? "");
    expect(state().enclosures).toEqual({});
  });

  it("says which file passes which limit of the room, and takes the others", async () => {
    const { chat, room, names } = await open();
    room.limits = {
      mediaAttachmentsCountLimit: 3,
      mediaAttachmentSizeLimitInMb: 2,
      mediaAttachmentsTotalSizeLimitInMb: 4,
    };
    const files = [file("large", 2 * MB + 1), file("1", 2 * MB), file("2", 2 * MB), file("too much"), file("empty", 0)];
    expect(await chat.attach("CH1", files)).toEqual([
      { key: "files.tooLarge", name: "large", limit: 2 },
      { key: "files.tooMuch", name: "too much", limit: 4 },
    ]);
    expect(await chat.attach("CH1", [file("fourth", 0)])).toEqual([{ key: "files.tooMany", name: "fourth", limit: 3 }]);
    expect(names()).toEqual(["1", "2", "empty"]);
  });

  it("does not hold what cannot be read", async () => {
    const { chat, names } = await open();
    const folder = file("folder");
    folder.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("NotReadableError")) }) as unknown as Blob;
    expect(await chat.attach("CH1", [folder])).toEqual([{ key: "files.unreadable", name: "folder", limit: 0 }]);
    expect(names()).toEqual([]);
  });
});

describe("a message with files", () => {
  it("is sent with their names, types and sizes, once they were read", async () => {
    const { chat, room, state, settled, bodies } = await open();
    chat.attach("CH1", [file("a.png", 3, "image/png"), file("b.txt")]);
    const send = vi.spyOn(room, "sendMessage");
    chat.send("CH1", "two files");
    expect([state().enclosures, state().outbox.CH1?.length]).toEqual([{}, 1]);
    await vi.waitFor(() => expect(room.uploads).toHaveLength(1));
    room.uploads[0]?.finish();
    await settled();
    expect(room.files.map(({ filename, contentType }) => `${filename} ${contentType}`)).toEqual([
      "a.png image/png",
      "b.txt text/plain",
    ]);
    expect(send).toHaveBeenCalledWith("two files", expect.objectContaining({ md: [[640, 480], null] }));
    expect([bodies("CH1"), state().outbox.CH1, state().uploads]).toEqual([["two files"], [], {}]);
  });

  it("shows how much of them has gone, can be stopped, and comes back into the composer", async () => {
    const { chat, room, state, row, names } = await open();
    await chat.attach("CH1", [file("a", 3), file("b", 3)]);
    chat.send("CH1", "two files");
    const cid = row()?.cid ?? "";
    await vi.waitFor(() => expect(state().uploads).toEqual({ [cid]: 0 }));
    const requests = room.files.map(({ media }) => {
      const request = new XMLHttpRequest();
      request.open("POST", "https://service.test/");
      request.send(media);
      return request;
    });
    requests[0]?.upload.dispatchEvent(new ProgressEvent("progress", { loaded: 3 }));
    expect(state().uploads).toEqual({ [cid]: 0.5 });
    chat.cancelUpload("CH1", cid);
    await vi.waitFor(() => expect(state().uploads).toEqual({}));
    expect([row()?.status, room.stored]).toEqual(["refused", []]);
    chat.setDraft("CH1", "typed since");
    await chat.revise("CH1", cid);
    expect([state().drafts.CH1, names(), row()]).toEqual(["two files\ntyped since", ["a", "b"], undefined]);
    for (const request of requests) request.abort();
  });

  it("is repeated with its files when the upload broke", async () => {
    const { chat, room, row, settled, bodies } = await open();
    await chat.attach("CH1", [file("a")]);
    chat.send("CH1", "");
    await vi.waitFor(() => expect(room.uploads).toHaveLength(1));
    room.uploads[0]?.fail(Object.assign(new Error("503"), { status: 503 }));
    await vi.waitFor(() => expect(row()?.status).toBe("cutOff"));
    chat.retry("CH1", row()?.cid ?? "");
    await vi.waitFor(() => expect(room.uploads).toHaveLength(2));
    room.uploads[1]?.finish();
    await settled();
    expect([bodies("CH1"), room.files.length]).toEqual([[""], 2]);
  });
});

it("counts only the uploads of its own message", () => {
  const told: number[] = [];
  const [watched] = watchUploads([new Blob(["abcd"])], (share) => told.push(share));
  for (const body of [new Blob(["abcd"]), watched]) {
    const request = new XMLHttpRequest();
    request.open("POST", "https://service.test/");
    request.send(body);
    request.upload.dispatchEvent(new ProgressEvent("progress", { loaded: 2 }));
    request.abort();
  }
  expect(told).toEqual([0.5]);
});

describe("the addresses of files", () => {
  it("are asked for once a frame, kept, and asked for again before they run out or when that failed", async () => {
    vi.useFakeTimers();
    const { chat, server } = await open();
    const ask = vi.spyOn(server.client, "getTemporaryContentUrlsForMediaSids");
    const first = Promise.all(["ME1", "ME2", "ME1"].map(chat.fileUrl));
    await vi.advanceTimersByTimeAsync(20);
    expect(await first).toEqual(["https://media.test/ME1", "https://media.test/ME2", "https://media.test/ME1"]);
    expect(ask.mock.calls).toEqual([[["ME1", "ME2"]]]);
    await vi.advanceTimersByTimeAsync(3 * 60_000);
    await chat.fileUrl("ME1");
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(60_000);
    ask.mockRejectedValueOnce(new Error("disconnected"));
    const failing = expect(chat.fileUrl("ME1")).rejects.toThrow("disconnected");
    await vi.advanceTimersByTimeAsync(20);
    await failing;
    const again = chat.fileUrl("ME1");
    await vi.advanceTimersByTimeAsync(20);
    expect(await again).toBe("https://media.test/ME1");
    vi.useRealTimers();
  });
});

describe("a photo", () => {
  const bytes = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
  const segment = (kind: number, data: number[]) => [
    0xff,
    kind,
    (data.length + 2) >> 8,
    (data.length + 2) & 255,
    ...data,
  ];
  /** An Exif segment with an orientation and a secret, in either order of bytes. */
  function exif(orientation: number, little: boolean): number[] {
    const number = (value: number, size: number) => {
      const big = Array.from({ length: size }, (_, at) => (value >> (8 * (size - 1 - at))) & 255);
      return little ? big.reverse() : big;
    };
    const entry = (tag: number, value: number) => [
      ...number(tag, 2),
      ...number(3, 2),
      ...number(1, 4),
      ...number(value, 2),
      0,
      0,
    ];
    const tiff = [...bytes(little ? "II" : "MM"), ...number(42, 2), ...number(8, 4), ...number(2, 2)];
    return segment(0xe1, [
      ...bytes("Exif\0\0"),
      ...tiff,
      ...entry(0x10f, 7),
      ...entry(0x112, orientation),
      ...bytes("SECRET"),
    ]);
  }
  const [start, jfif, icc] = [[0xff, 0xd8], segment(0xe0, bytes("JFIF\0")), segment(0xe2, bytes("ICC_PROFILE\0..."))];
  const scan = [...segment(0xda, [1, 2]), 9, 8, 7, 0xff, 0xd9];
  const strip = async (...parts: number[][]) => {
    const photo = new Blob([new Uint8Array(parts.flat())], { type: "image/jpeg" });
    const left = await withoutTraces(photo);
    expect(left.type).toBe("image/jpeg");
    return [...new Uint8Array(await left.arrayBuffer())];
  };

  it.each([true, false])(
    "loses what its camera wrote, not which way up it goes (little-endian: %s)",
    async (little) => {
      const traces = [segment(0xe1, bytes("http://ns.adobe.com/xap/1.0/\0SECRET")), segment(0xed, bytes("SECRET"))];
      const left = await strip(
        start,
        jfif,
        exif(6, little),
        ...traces,
        segment(0xe2, bytes("MPF\0SECRET")),
        icc,
        segment(0xfe, bytes("SECRET")),
        scan,
      );
      expect(String.fromCharCode(...left)).not.toContain("SECRET");
      const kept = [0, 0x2a, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
      expect(left).toEqual([start, jfif, segment(0xe1, [...bytes("Exif\0\0MM"), ...kept]), icc, scan].flat());
    },
  );

  it("loses all of it when it is the right way up", async () => {
    expect(await strip(start, exif(1, true), scan)).toEqual([start, scan].flat());
  });

  it("stays as it is when it is not one, or broken", async () => {
    for (const odd of [[], [1, 2, 3], [...start, 0xff], [...start, 1, 2, 3, 4]]) expect(await strip(odd)).toEqual(odd);
  });
});
