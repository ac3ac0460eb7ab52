import react from "@vitejs/plugin-react";
import { defineConfig, type UserConfig } from "vite";
import { precompress } from "./precompress.ts";

/** Where `npm start` listens; `vite dev` passes on to it what only the gateway can answer. */
const GATEWAY = "http://127.0.0.1:4700";

const PAGE = {
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
} satisfies UserConfig;

export default defineConfig(({ command }) => {
  // Who starts the product may have another word in NODE_ENV, which would build a page of twice the size, for developers.
  if (command === "build") process.env.NODE_ENV = "production";
  return PAGE;
});
