import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";
import "../texts";

// jsdom has no media queries: a wide window with a mouse.
vi.stubGlobal("matchMedia", (query: string) => ({
  matches: query.includes("min-width"),
  addEventListener() {},
  removeEventListener() {},
}));

// Nor has it anything to draw on.
HTMLCanvasElement.prototype.getContext = () => null;

afterEach(cleanup);
