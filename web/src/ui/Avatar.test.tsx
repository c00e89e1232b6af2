import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import "../i18n";
import { Avatar } from "./Avatar";

const bo = { identity: "bo", name: "Bo Lindqvist", avatar: "/api/avatars/1" };
const initialsIn = (container: HTMLElement) =>
  container.querySelector<HTMLElement>("[data-initials]")?.dataset.initials;
const picture = (container: HTMLElement) => container.querySelector("img");

it("shows the picture over the initials, and them alone when it does not load", () => {
  const { container, rerender } = render(<Avatar person={bo} />);
  expect(picture(container)).toHaveAttribute("src", "/api/avatars/1");
  expect(initialsIn(container)).toBe("BL");
  fireEvent.error(picture(container) as HTMLElement);
  expect(picture(container)).toBeNull();
  rerender(<Avatar person={{ ...bo, avatar: "/api/avatars/2" }} />);
  expect(picture(container)).toHaveAttribute("src", "/api/avatars/2");
});

it("says in words whether somebody is there, and nothing where that is not known", () => {
  const { rerender } = render(<Avatar person={bo} online />);
  expect(screen.getByRole("img", { name: "Online" })).toHaveAttribute("title", "Online");
  rerender(<Avatar person={bo} online={false} />);
  expect(screen.getByRole("img", { name: "Offline" })).toBeInTheDocument();
  rerender(<Avatar person={bo} online={null} />);
  expect(screen.queryByRole("img")).toBeNull();
});

it.each([
  ["ana", "A"],
  ["Ana Maria Ribeiro", "AR"],
  ["(bo) lindqvist", "BL"],
  ["王小明", "王"],
  ["👩‍👩‍👧 family", "👩‍👩‍👧F"],
  ["???", "X"],
])("takes the initials of %s", (name, initials) => {
  const { container } = render(<Avatar person={{ identity: "x", name }} />);
  expect(initialsIn(container)).toBe(initials);
});
