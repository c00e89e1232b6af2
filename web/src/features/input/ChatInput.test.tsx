import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { ChatProvider } from "../../ChatContext";
import { fixture } from "../../chat/testing/fixture";
import { ChatInput } from "./ChatInput";

async function composer() {
  const all = fixture();
  const fake = all.server.room("CH1", "#sales");
  await all.enter();
  all.chat.openRoom("CH1");
  await all.settled();
  const room = all.state().rooms.CH1;
  if (!room) throw new Error("no room");
  render(
    <ChatProvider chat={all.chat}>
      <ChatInput room={room} />
    </ChatProvider>,
  );
  const field = screen.getByRole<HTMLTextAreaElement>("textbox");
  return { ...all, fake, field, user: userEvent.setup() };
}

it("has the focus, sends with Enter and breaks the line with Shift+Enter", async () => {
  const { field, user, bodies } = await composer();
  expect(field).toHaveFocus();
  await user.keyboard("one{Shift>}{Enter}{/Shift}two{Enter}");
  expect(field).toHaveValue("");
  expect(field).toHaveFocus();
  expect(bodies("CH1")).toEqual(["one\ntwo"]);
});

it("leaves Enter to an input method that composes", async () => {
  const { field, user, bodies } = await composer();
  await user.keyboard("に");
  fireEvent.keyDown(field, { key: "Enter", isComposing: true });
  fireEvent.keyDown(field, { key: "Enter", keyCode: 229 });
  expect(bodies("CH1")).toEqual([]);
  expect(field).toHaveValue("に");
  fireEvent.keyDown(field, { key: "Enter", keyCode: 13 });
  expect(field).toHaveValue("");
});

it("sends nothing that is empty or too long", async () => {
  const { field, user, bodies } = await composer();
  await user.keyboard("  {Shift>}{Enter}{/Shift} {Enter}");
  expect(bodies("CH1")).toEqual([]);
  fireEvent.change(field, { target: { value: "é".repeat(20_000) } });
  await user.keyboard("{Enter}");
  expect(screen.getByRole("alert")).toHaveTextContent("too long");
  expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
  expect(bodies("CH1")).toEqual([]);
});

it("tells the others that one types, and keeps the draft in the store", async () => {
  const { user, fake, state } = await composer();
  await user.keyboard("hi");
  expect(fake.typed).toBeGreaterThan(0);
  expect(state().drafts.CH1).toBe("hi");
});
