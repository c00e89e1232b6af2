import { fireEvent, screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { recentEmoji } from "../emoji/memory";
import { composer } from "./testing";

const options = () => screen.queryAllByRole("option").map((option) => option.textContent);
const active = (field: HTMLElement) =>
  document.getElementById(field.getAttribute("aria-activedescendant") ?? "")?.textContent;
/** Waits until the list is as it is told. */
const offers = (...lines: RegExp[]) =>
  waitFor(() => expect(options()).toEqual(lines.map((line) => expect.stringMatching(line))));

it("completes people by the keyboard alone", async () => {
  const { field, user, fake } = await composer();
  const send = vi.spyOn(fake, "sendMessage");
  await user.keyboard("hi @b");
  await offers(/Bo Lindqvist@bo$/, /Bob Marley@bob$/);
  expect(screen.getByRole("listbox", { name: "People" })).toBeVisible();
  expect(field).toHaveAttribute("aria-controls", screen.getByRole("listbox").id);
  expect(screen.getByRole("status")).toHaveTextContent("2 suggestions.");
  expect(active(field)).toMatch(/Bo Lindqvist/);
  await user.keyboard("{ArrowDown}");
  expect(active(field)).toMatch(/Bob Marley/);
  await user.keyboard("{ArrowDown}{ArrowUp}{Enter}");
  expect(field).toHaveValue("hi @bob ");
  expect(screen.queryByRole("listbox")).not.toBeInTheDocument();
  expect(field).not.toHaveAttribute("aria-activedescendant");
  await user.keyboard("there{Enter}");
  expect(send).toHaveBeenCalledExactlyOnceWith("hi @bob there", expect.objectContaining({ m: ["bob"] }));
});

it("takes what is marked with Tab and by mouse, and steps over a space that is there", async () => {
  const { field, user } = await composer();
  await user.keyboard("@ro");
  await offers(/@roomtells all 2 others/);
  await user.keyboard("{Tab}");
  expect(field).toHaveValue("@room ");
  expect(field).toHaveFocus();
  await user.clear(field);
  await user.keyboard(" x");
  field.setSelectionRange(0, 0);
  await user.keyboard("@li");
  await offers(/Bo Lindqvist/);
  await user.click(screen.getByRole("option"));
  expect(field).toHaveValue("@bo x");
  expect(field).toHaveFocus();
  expect(field.selectionStart).toBe(4);
});

it("closes with Esc until another word begins, and with the caret", async () => {
  const { field, user, bodies } = await composer();
  await user.keyboard("@b");
  await offers(/Bo/, /Bob/);
  await user.keyboard("{Escape}o");
  expect(options()).toEqual([]);
  await user.keyboard(" @b");
  await offers(/Bo/, /Bob/);
  field.setSelectionRange(0, 0);
  fireEvent.select(field);
  expect(options()).toEqual([]);
  await user.keyboard("{Enter}");
  expect(bodies("CH1")).toEqual(["@bo @b"]);
});

it("leaves the keys to an input method, and Enter to whoever mentions nobody", async () => {
  const { field, user, bodies } = await composer();
  await user.keyboard("@b");
  await offers(/Bo/, /Bob/);
  fireEvent.keyDown(field, { key: "Enter", isComposing: true });
  fireEvent.keyDown(field, { key: "ArrowDown", keyCode: 229 });
  expect(field).toHaveValue("@b");
  expect(active(field)).toMatch(/Bo L/);
  await user.clear(field);
  await user.keyboard("see you @home{Enter}");
  expect(bodies("CH1")).toEqual(["see you @home"]);
});

it("offers people who are not in the room to those who may add them", async () => {
  const { field, user } = await composer({ mayAdd: true });
  await user.keyboard("@bo");
  await offers(/Bo L/, /Bob/, /Bonnie Tyler@bonnie, not in #sales/);
  await user.keyboard("n{Enter}");
  expect(field).toHaveValue("@bonnie ");
});

it("completes rooms", async () => {
  const { field, user } = await composer();
  await user.keyboard("in #");
  await offers(/sales/, /support/);
  await user.keyboard("su{Enter}");
  expect(field).toHaveValue("in #support ");
});

it("completes emoji, at once when the short code is closed, and notes what was used", async () => {
  const { field, user } = await composer();
  await user.keyboard("10:30 :t");
  expect(options()).toEqual([]);
  await user.keyboard("ada");
  await waitFor(() => expect(options()[0]).toBe("🎉:tada:"));
  await user.keyboard(":");
  expect(field).toHaveValue("10:30 🎉 ");
  expect(recentEmoji()[0]).toBe("🎉");
});

it("lets Enter wait for the list that it chooses from", async () => {
  const { field, user, bodies } = await composer();
  await user.keyboard(":ta");
  await waitFor(() => expect(options().length).toBeGreaterThan(1));
  fireEvent.change(field, { target: { value: ":tada" } });
  fireEvent.keyDown(field, { key: "Enter" }); // the lines are those of ":ta" still
  expect(field).toHaveValue(":tada");
  await waitFor(() => expect(field).toHaveValue("🎉 "));
  expect(bodies("CH1")).toEqual([]);
});
