import { expect } from "vitest";
import { conforms, connect, fresh, server } from "./stage";
import { inParallel, until } from "./wait";

/** As many as an identity may be in (docs/rest.md, "Limits"). */
const ROOMS = 1000;

conforms(
  ["Client.getSubscribedConversations", "Client#conversationJoined", "Client#messageAdded"],
  "starts for a user in 1,000 conversations, who then hears a live message in each",
  async () => {
    const rooms = await inParallel(ROOMS, (n) => server.room(`room ${n}`, "busy", "voice"));
    const busy = await connect("busy");
    await until(
      "all conversations",
      () => busy.events.filter((event) => event.startsWith("joined")).length === ROOMS,
      60_000,
    );
    await inParallel(ROOMS, (n) => server.say((rooms[n] as { sid: string }).sid, "voice", `hello ${n}`));
    const heard = () => rooms.filter((room) => busy.bodies.get(room.sid)?.length).length;
    await until("a message in each", () => heard() === ROOMS, 60_000);
    for (const [n, room] of rooms.entries()) expect(busy.bodies.get(room.sid)).toEqual([`hello ${n}`]);

    const again = await fresh("busy");
    const seen: (number | undefined)[] = [];
    for (let page = await again.client.getSubscribedConversations(); ; page = await page.nextPage()) {
      seen.push(...page.items.map((room) => room.lastMessage?.index));
      if (!page.hasNextPage) break;
    }
    expect(seen).toEqual(Array(ROOMS).fill(0));
    await expect(server.room("one too many", "busy")).rejects.toThrow(/50208|50214/);
  },
  { node: "a thousand conversations are the same in a browser, only slower to make", timeout: 180_000 },
);
