import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { ChatProvider } from "../../ChatContext";
import { ApiError } from "../../chat/api";
import { fixture } from "../../chat/testing/fixture";
import { LoginForm } from "./LoginForm";

vi.mock("../../prefetch", () => ({ prefetchHouse: () => {} }));

async function form(setup: { auth: "password" | "open"; signup: "open" | "closed" }) {
  const all = fixture();
  all.api.session.mockResolvedValue({ ...setup, user: null } as never);
  await all.chat.begin();
  render(
    <ChatProvider chat={all.chat}>
      <LoginForm />
    </ChatProvider>,
  );
  return { ...all, user: userEvent.setup() };
}

it("puts a refusal beside the field that it is about, and the focus into it", async () => {
  const { api, user } = await form({ auth: "password", signup: "open" });
  api.login.mockRejectedValue(new ApiError(401, "bad_credentials", "That password does not match."));
  await user.type(screen.getByLabelText("Username"), "ana");
  await user.type(screen.getByLabelText("Password"), "wrong{Enter}");
  const password = screen.getByLabelText("Password");
  expect(password).toHaveFocus();
  expect(password).toHaveAccessibleDescription("That password does not match.");
  expect(password).toHaveValue("wrong");
});

it("says what is missing before it asks the server", async () => {
  const { api, user } = await form({ auth: "password", signup: "open" });
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(screen.getByLabelText("Username")).toHaveAccessibleDescription("Type your username.");
  expect(api.login).not.toHaveBeenCalled();
});

it("says when the server does not answer, or asks to wait", async () => {
  const { api, user } = await form({ auth: "password", signup: "open" });
  await user.type(screen.getByLabelText("Username"), "ana");
  api.login.mockRejectedValueOnce(new ApiError(0, "network", ""));
  await user.type(screen.getByLabelText("Password"), "secret{Enter}");
  expect(screen.getByRole("alert")).toHaveTextContent("does not answer");
  api.login.mockRejectedValueOnce(new ApiError(429, "throttled", "Too many.", 30));
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(screen.getByRole("alert")).toHaveTextContent("30 seconds");
});

it("offers an account only where people may make one", async () => {
  await form({ auth: "password", signup: "closed" });
  expect(screen.queryByRole("button", { name: "Create an account" })).toBeNull();
});

it("signs up with a name for people to see", async () => {
  const { api, user } = await form({ auth: "password", signup: "open" });
  await user.click(screen.getByRole("button", { name: "Create an account" }));
  await user.type(screen.getByLabelText("Your name"), "Ana Ribeiro");
  await user.type(screen.getByLabelText("Username"), "ana");
  await user.type(screen.getByLabelText("Password"), "correct horse{Enter}");
  expect(api.signUp).toHaveBeenCalledWith("ana", "correct horse", "Ana Ribeiro", undefined);
});

it("asks for a name only in open mode", async () => {
  const { api, user } = await form({ auth: "open", signup: "closed" });
  expect(screen.queryByLabelText("Password")).toBeNull();
  await user.type(screen.getByLabelText("Your name"), "Ana{Enter}");
  expect(api.login).toHaveBeenCalledWith("Ana", undefined);
});
