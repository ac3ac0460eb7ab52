import { describe, expect, it } from "vitest";
import { loadMode, toEnv, unknownOf } from "./modes.ts";

describe("modes", () => {
  const mode = loadMode("dev_full");

  it("dev_full reads, and its process has a bus of its own", () => {
    expect(mode.mode).toBe("dev_full");
    expect(mode.settings.SOMA_EVENT_BUS).toBe("local");
  });

  it("toEnv() lets the environment replace plain values, and never what only the start knows", () => {
    const given = { SOMA_BIND_HOST: "::1", DATABASE_URL: "postgres://elsewhere", OTHER: "kept" };
    const env = toEnv(mode, given, { "postgres.request": "postgres://ours" });
    expect(env).toMatchObject({ SOMA_BIND_HOST: "::1", DATABASE_URL: "postgres://ours", OTHER: "kept" });
    expect(env.SOMA_SUBGRAPH_RUNS_URL).toBeUndefined();
    expect(toEnv(mode, {}, {}).SOMA_BIND_HOST).toBe("127.0.0.1");
  });

  it("unknownOf() names what nothing gave a value", () => {
    expect(
      unknownOf({ mode: "dev_full", settings: { A: "x", B: { from: "b" }, C: { from: "c" } } }, { b: "1" }),
    ).toEqual(["c"]);
  });
});
