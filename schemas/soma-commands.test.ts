import { describe, expect, it } from "vitest";
import { somaCommands } from "./soma-commands.ts";

describe("somaCommands()", () => {
  it("says nothing of what both commands find by themselves", () => {
    expect(somaCommands({})).toEqual({ soma: "npx soma", start: "npm start" });
  });

  it.each([
    [{ dataDir: "/data/soma" }, "--data /data/soma"],
    [{ port: 4711, dataDir: "/a b" }, "--port 4711 --data '/a b'"],
    [{ dataDir: "/it's $HOME" }, "--data '/it'\\''s $HOME'"],
  ])("leads to the product of %j, as a shell reads it", (where, options) => {
    expect(somaCommands(where)).toEqual({ soma: `npx soma ${options}`, start: `npm start -- ${options}` });
  });
});
