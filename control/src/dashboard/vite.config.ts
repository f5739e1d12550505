import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  build: {
    target: "es2022",
    sourcemap: false,
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
  },
  // For work on the page itself: a console that runs answers, and takes this page's requests for its own.
  server: {
    port: 5173,
    proxy: Object.fromEntries(
      ["/api", "/login", "/healthz"].map((path) => [
        path,
        { target: process.env["GPULANE_CONSOLE"] ?? "http://127.0.0.1:29214", changeOrigin: true },
      ]),
    ),
  },
  test: { environment: "jsdom", setupFiles: ["src/test.setup.ts"], restoreMocks: true },
});
