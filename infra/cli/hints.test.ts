import { describe, expect, it } from "vitest";
import { hintsFor } from "./hints.ts";

describe("hintsFor()", () => {
  it.each([
    [{}, "npx soma", "npm start"],
    [{ data: "d" }, "npx soma --data /here/d", "npm start -- --data /here/d"],
    [{ port: 4711, data: "/a b" }, "npx soma --port 4711 --data '/a b'", "npm start -- --port 4711 --data '/a b'"],
    [{ data: "/it's" }, "npx soma --data '/it'\\''s'", "npm start -- --data '/it'\\''s'"],
  ])("leads %j to the same product", (options, soma, start) => {
    expect(hintsFor(options, "/here")).toEqual({ soma, start });
  });
});
