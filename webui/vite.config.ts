import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "./precompress.ts";

/** Where `npm start` listens; `vite dev` passes on to it what only the gateway can answer. */
const GATEWAY = "http://127.0.0.1:4700";

export default defineConfig({
  base: "/",
  plugins: [react(), precompress()],
  build: {
    outDir: "dist",
    // The oldest browsers with light-dark(); older targets would have it rewritten into twice the CSS.
    target: ["chrome125", "firefox128", "safari17.5"],
    modulePreload: { polyfill: false },
    // Nothing as a data: address, so that a policy may forbid them.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      "/graphql": { target: GATEWAY, ws: true },
      "/auth": GATEWAY,
    },
  },
});
