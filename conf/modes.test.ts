import { DEPLOY_MODES } from "@soma/schemas/deploy-modes";
import { describe, expect, it } from "vitest";
import { loadMode, plainOf, secretsOf, toEnv, unknownOf } from "./modes.ts";

describe("modes", () => {
  const mode = loadMode("dev_full");

  it("dev_full reads, and its process has a bus of its own", () => {
    expect(mode.mode).toBe("dev_full");
    expect(mode.settings.SOMA_EVENT_BUS).toBe("local");
  });

  it.each(DEPLOY_MODES)("loadMode() reads %s", (name) => {
    expect(loadMode(name).mode).toBe(name);
  });

  it("toEnv() lets the environment replace plain values, and never what only the start knows", () => {
    const given = { SOMA_BIND_HOST: "::1", DATABASE_URL: "postgres://elsewhere", OTHER: "kept", DEPLOY_MODE: "prod" };
    const env = toEnv(mode, given, { "postgres.request": "postgres://ours" });
    expect(env).toMatchObject({ SOMA_BIND_HOST: "::1", DATABASE_URL: "postgres://ours", OTHER: "kept" });
    expect(env.DEPLOY_MODE).toBe("dev_full");
    expect(env.SOMA_SUBGRAPH_RUNS_URL).toBeUndefined();
    expect(toEnv(mode, {}, {})).toMatchObject({ SOMA_BIND_HOST: "127.0.0.1", JWT_ENABLED: "true", REPLICA_COUNT: "1" });
  });

  it("toEnv() takes a secret from the environment alone", () => {
    const prod = loadMode("prod");
    expect(toEnv(prod, {}, {}).DATABASE_URL).toBeUndefined();
    expect(toEnv(prod, { DATABASE_URL: "postgres://p" }, {}).DATABASE_URL).toBe("postgres://p");
  });

  it("unknownOf() names what nothing gave a value", () => {
    const settings = { A: "x", B: { from: "b" }, C: { from: "c" }, D: { secret: "a/b" } };
    expect(unknownOf({ mode: "dev_full", settings }, { b: "1" })).toEqual(["c"]);
  });

  it("plainOf() and secretsOf() give by name what a mode says and where it keeps what it does not say", () => {
    const settings = { C: 3, B: { secret: "keys/b" }, A: true, D: { from: "d" } };
    expect(Object.entries(plainOf({ mode: "prod", settings }))).toEqual([
      ["A", "true"],
      ["C", "3"],
      ["DEPLOY_MODE", "prod"],
    ]);
    expect(secretsOf({ mode: "prod", settings })).toEqual({ B: "keys/b" });
  });
});
