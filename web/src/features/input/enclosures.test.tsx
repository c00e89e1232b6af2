import { act, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { beforeAll, expect, it, vi } from "vitest";
import { peopleApi } from "../../chat/peopleApi";
import { composer } from "./testing";

beforeAll(() => {
  // jsdom has no addresses of Blobs.
  URL.createObjectURL = () => "blob:made";
  URL.revokeObjectURL = () => {};
});

const quote = { sid: "IM1", index: 1, author: "bo", text: "the harbour door" };
const pdf = new File(["%PDF"], "quote.pdf", { type: "application/pdf" });
const chips = () => within(screen.getByRole("list", { name: "Files of this message" })).getAllByRole("listitem");

it("answers to a message, tells its author unless that is turned off, and stops with Esc", async () => {
  const { chat, user, field, fake, state } = await composer();
  const send = vi.spyOn(fake, "sendMessage");
  field.blur();
  act(() => chat.setQuote("CH1", quote));
  expect(screen.getByText("Bo Lindqvist").closest("span")).toHaveTextContent(
    "Replying to Bo Lindqvist the harbour door",
  );
  expect(field).toHaveFocus();
  await user.keyboard("it sticks{Enter}");
  expect(send).toHaveBeenLastCalledWith(
    "it sticks",
    expect.objectContaining({ m: ["bo"], re: { sid: "IM1", i: 1, a: "bo", t: "the harbour door" } }),
  );
  expect(screen.queryByText(/Replying/)).not.toBeInTheDocument();

  act(() => chat.setQuote("CH1", quote));
  const tell = screen.getByRole("button", { name: "Tell Bo Lindqvist of the reply" });
  expect(tell).toHaveAttribute("aria-pressed", "true");
  await user.click(tell);
  expect(tell).toHaveAttribute("aria-pressed", "false");
  await user.type(field, "still{Enter}");
  expect(send.mock.lastCall?.[1]).not.toHaveProperty("m");

  act(() => chat.setQuote("CH1", { ...quote, author: "ana" }));
  expect(screen.queryByRole("button", { name: /^Tell/ })).not.toBeInTheDocument();
  await user.keyboard("{Escape}");
  expect(screen.queryByText(/Replying/)).not.toBeInTheDocument();
  expect(state().enclosures.CH1).toBeUndefined();
});

it("takes files by button and from the clipboard, lets them go, and sends them without a text", async () => {
  const { user, field, fake, state } = await composer();
  fake.outcomes.push(() => new Promise(() => {}));
  expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
  const input = document.querySelector<HTMLInputElement>('input[type="file"]');
  if (!input) throw new Error("no input");
  await user.upload(input, [pdf, new File(["x".repeat(3000)], "notes.txt", { type: "text/plain" })]);
  await waitFor(() => expect(chips().map((chip) => chip.textContent)).toEqual(["quote.pdf4 bytes", "notes.txt2.9 kB"]));
  await user.click(screen.getByRole("button", { name: "Remove notes.txt" }));
  expect(chips()).toHaveLength(1);

  const clipboardData = { files: [new File(["gif"], "pasted.gif", { type: "image/gif" })], getData: () => "" };
  fireEvent.paste(field, { clipboardData });
  await waitFor(() => expect(chips()).toHaveLength(2));
  fireEvent.paste(field, { clipboardData: { ...clipboardData, getData: () => "text of a document" } });
  expect(chips()).toHaveLength(2);

  field.focus();
  await user.keyboard("{Enter}");
  expect(state().outbox.CH1?.[0]?.files.map(({ name }) => name)).toEqual(["quote.pdf", "pasted.gif"]);
  expect(screen.queryByRole("list", { name: "Files of this message" })).not.toBeInTheDocument();
});

it("says which files were not taken, and why", async () => {
  const { chat, user } = await composer();
  vi.spyOn(chat, "attach").mockResolvedValue([
    { key: "files.tooLarge", name: "film.mov", limit: 50 },
    { key: "files.tooMany", name: "eleventh.txt", limit: 10 },
  ]);
  const input = document.querySelector<HTMLInputElement>('input[type="file"]');
  if (!input) throw new Error("no input");
  await user.upload(input, pdf);
  expect(await screen.findByRole("alert")).toHaveTextContent(
    "film.mov is too large: a file may have 50 MB. eleventh.txt was left out: a message carries at most 10 files.",
  );
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByRole("alert")).not.toBeInTheDocument();
});

it("offers to make a long text that was pasted a block of code, or a file", async () => {
  const { user, field, state } = await composer();
  const text = Array.from({ length: 30 }, (_, n) => `line ${n}`).join("\r\n");
  const pasted = text.replaceAll("\r", "");
  await user.keyboard("log:");
  await user.paste(text);
  expect(screen.getByText("You pasted 30 lines.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Make it a code block" }));
  expect(field).toHaveValue(`log:\n\`\`\`\n${pasted}\n\`\`\`\n`);
  expect(screen.queryByText(/You pasted/)).not.toBeInTheDocument();

  await user.clear(field);
  await user.paste(text);
  await user.click(screen.getByRole("button", { name: "Send it as a file" }));
  expect(field).toHaveValue("");
  await waitFor(() =>
    expect(state().enclosures.CH1?.files[0]).toMatchObject({ name: "pasted.txt", type: "text/plain" }),
  );

  await user.paste("two\nlines");
  expect(screen.queryByText(/You pasted/)).not.toBeInTheDocument();
});

it("offers to add somebody who was chosen and is not in the room", async () => {
  const { user, fake, server } = await composer({ mayAdd: true });
  const add = vi.spyOn(peopleApi, "add").mockResolvedValue({ added: [], refused: { hugo: "room_full" } });
  await user.keyboard("@hug");
  await user.click(await screen.findByRole("option", { name: /Hugo Marin/ }));
  expect(screen.getByText("Hugo Marin is not in #sales and is not told of this.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Add to the room" }));
  expect(add).toHaveBeenCalledExactlyOnceWith("CH1", ["hugo"]);
  expect(await screen.findByText("Hugo Marin was not added: the room is full")).toBeVisible();
  act(() => server.client.emit("participantJoined", fake.join("hugo")));
  expect(screen.queryByText(/Hugo Marin/)).not.toBeInTheDocument();
});

it("edits what one wrote last when nothing is typed", async () => {
  const { chat, user, fake } = await composer();
  act(() => void [fake.say("ana", "mine"), fake.say("bo", "not mine")]);
  const edit = vi.spyOn(chat, "startEditing");
  await user.keyboard("x{ArrowUp}");
  expect(edit).not.toHaveBeenCalled();
  await user.keyboard("{Backspace}{ArrowUp}");
  expect(edit).toHaveBeenCalledExactlyOnceWith("CH1", 0);
});
