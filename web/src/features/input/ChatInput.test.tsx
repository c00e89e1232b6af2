import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, it } from "vitest";
import { chooseSendKey } from "./sendKey";
import { composer } from "./testing";

beforeEach(() => chooseSendKey("enter"));

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

it("tells how much fits in when there is little left", async () => {
  const { field } = await composer();
  fireEvent.change(field, { target: { value: "é".repeat(16_000) } });
  expect(screen.getByText("768 more bytes fit into this message.")).toBeVisible();
  fireEvent.change(field, { target: { value: "e".repeat(29_000) } });
  expect(screen.queryByText(/more bytes/)).not.toBeInTheDocument();
});

it("breaks the line with Enter where Ctrl+Enter sends", async () => {
  chooseSendKey("ctrlEnter");
  const { user, bodies } = await composer();
  await user.keyboard("one{Enter}two{Control>}{Enter}{/Control}");
  expect(bodies("CH1")).toEqual(["one\ntwo"]);
});

it("marks what is selected, and makes a link of it", async () => {
  const { field, user } = await composer();
  await user.keyboard("some words");
  field.setSelectionRange(5, 10);
  await user.keyboard("{Control>}b{/Control}");
  expect(field).toHaveValue("some **words**");
  expect(field.value.slice(field.selectionStart, field.selectionEnd)).toBe("words");
  await user.keyboard("{Control>}b{/Control}");
  expect(field).toHaveValue("some words");
  await user.paste("https://roomful.example");
  expect(field).toHaveValue("some [words](https://roomful.example)");
});

it("asks before everybody of a large room is told", async () => {
  const { fake, server, user, bodies, field } = await composer();
  for (let n = 0; n < 8; n++) server.client.emit("participantJoined", fake.join(`crowd-${n}`));
  await user.type(field, "@room lunch{Enter}");
  expect(bodies("CH1")).toEqual([]);
  expect(screen.getByRole("alertdialog", { name: "Tell all 10 others in #sales?" })).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  expect(field).toHaveValue("@room lunch");
  await waitFor(() => expect(field).toHaveFocus());
  await user.keyboard("{Enter}");
  await user.click(screen.getByRole("button", { name: "Tell everybody" }));
  expect(bodies("CH1")).toEqual(["@room lunch"]);
  expect(field).toHaveValue("");
});

it("takes the focus when a text comes back that was not sent, unless that is elsewhere", async () => {
  const { chat, field } = await composer();
  field.blur();
  act(() => chat.setDraft("CH1", "once more"));
  expect(field).toHaveFocus();
  expect(field.selectionStart).toBe("once more".length);
  const send = screen.getByRole("button", { name: "Send" });
  send.focus();
  act(() => chat.setDraft("CH1", "and again"));
  expect(send).toHaveFocus();
});
