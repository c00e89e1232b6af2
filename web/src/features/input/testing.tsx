import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { vi } from "vitest";
import { ChatProvider } from "../../ChatContext";
import { peopleApi } from "../../chat/peopleApi";
import { roomsApi } from "../../chat/roomsApi";
import { fixture } from "../../chat/testing/fixture";
import { begins } from "../../match";
import { newQueryClient } from "../../query";
import { ChatInput } from "./ChatInput";

/** Who is in #sales besides Ana, and who is not. */
const inside: Record<string, string> = { ana: "Ana Ribeiro", bo: "Bo Lindqvist", bob: "Bob Marley" };
const outside: Record<string, string> = { bonnie: "Bonnie Tyler", hugo: "Hugo Marin" };

// jsdom has no layout.
Element.prototype.scrollIntoView = () => {};

/** Ana's composer in #sales. `mayAdd`: she may add people to the room. */
export async function composer({ mayAdd = false } = {}) {
  const profiles = (people: Record<string, string>) =>
    Object.entries(people).map(([identity, name]) => ({ identity, name, avatar: null, moderator: false }));
  vi.spyOn(peopleApi, "members").mockImplementation(async () => profiles(inside));
  vi.spyOn(peopleApi, "find").mockImplementation(async (typed) =>
    profiles({ ...inside, ...outside }).filter(({ identity, name }) => begins(typed, identity, name)),
  );
  const permissions = ["sendMessage", ...(mayAdd ? ["addParticipant"] : [])];
  const info = { you: { moderator: false, permissions } };
  vi.spyOn(roomsApi, "room").mockResolvedValue(info as unknown as Awaited<ReturnType<typeof roomsApi.room>>);

  const all = fixture();
  const fake = all.server.room("CH1", "#sales");
  fake.attributes = { kind: "room", visibility: "private" };
  all.server.room("CH2", "#support");
  for (const [identity, friendlyName] of Object.entries(inside)) {
    all.server.person(identity, { friendlyName });
    fake.join(identity);
  }
  await all.enter();
  all.chat.openRoom("CH1");
  await all.settled();
  const room = all.state().rooms.CH1;
  if (!room) throw new Error("no room");
  render(
    <QueryClientProvider client={newQueryClient()}>
      <ChatProvider chat={all.chat}>
        <ChatInput room={room} />
      </ChatProvider>
    </QueryClientProvider>,
  );
  const field = screen.getByRole<HTMLTextAreaElement>("textbox");
  return { ...all, fake, field, room, user: userEvent.setup() };
}
