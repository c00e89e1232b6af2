import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { emojiPlugin } from "./emojiPlugin.ts";

/** Where the server answers while Vite serves the page (`npm start` beside `npm run start-api`). */
const server = process.env.ROOMFUL_SERVER ?? "http://localhost:5000";
const proxy = Object.fromEntries(
  ["/login", "/api", "/v1", "/v3", "/media", "/roomful", "/health"].map((path) => [
    path,
    {
      target: server,
      ws: path === "/v3",
      // GET /login is the page, POST /login the endpoint.
      bypass: (request: { method?: string; url?: string }) =>
        path === "/login" && request.method === "GET" ? "/index.html" : undefined,
    },
  ]),
);

/** The SDK asks for 41 KB of what every browser that this page runs in has (docs/design/0020-text.md). */
const withoutCoreJs = {
  find: /^core-js\/.*/,
  replacement: fileURLToPath(new URL("src/empty.ts", import.meta.url)),
};

export default defineConfig(({ command }) => ({
  plugins: [react(), emojiPlugin],
  resolve: { alias: command === "build" ? [withoutCoreJs] : [] },
  server: { port: 3000, strictPort: true, proxy },
  build: {
    outDir: "dist",
    // The content security policy allows no data: or inline scripts and fonts; keep every asset a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}", "*.test.mjs"],
    setupFiles: ["src/testing/setup.ts"],
    css: { modules: { classNameStrategy: "non-scoped" } },
  },
}));
