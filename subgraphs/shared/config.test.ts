import { describe, expect, it } from "vitest";
import { ConfigError, flag, integer, json, list, oneOf, readSettings, settingsOf, text, url } from "./config.ts";

const settings = {
  name: text({ env: "NAME", doc: "a name" }),
  port: integer({ env: "PORT", doc: "a port", default: 80, min: 0, max: 100 }),
  level: oneOf(["info", "error"], { env: "LEVEL", doc: "a level", default: "info" }),
  database: url(["postgres:"], { env: "DB", doc: "a database", secret: true }),
  key: json((value) => value, { env: "KEY", doc: "a key", default: null }),
};

describe("readSettings()", () => {
  it("gives typed, frozen values and defaults for what is absent or empty", () => {
    const values = readSettings(settings, { NAME: "x", DB: "postgres://h/d", PORT: "", KEY: '{"a":1}' });
    expect(values).toEqual({ name: "x", port: 80, level: "info", database: "postgres://h/d", key: { a: 1 } });
    expect(Object.isFrozen(values)).toBe(true);
  });

  it("tells every fault at once, by name, and no secret", () => {
    const read = () => readSettings(settings, { PORT: "101", LEVEL: "loud", DB: "mysql://user:hunter2@h/d", KEY: "{" });
    expect(read).toThrow(ConfigError);
    try {
      read();
    } catch (error) {
      const { faults, message } = error as ConfigError;
      expect(faults).toEqual([
        "NAME is not set; it is required: a name",
        'PORT: "101" is not a whole number from 0 to 100; a port',
        'LEVEL: "loud" is not one of info, error; a level',
        "DB: its value is not a URL that starts with postgres:; a database",
        'KEY: "{" is not JSON; a key',
      ]);
      expect(message).not.toContain("hunter2");
    }
  });
});

describe("readSettings() of what may stand elsewhere", () => {
  const settings = {
    key: json<unknown>((value) => value, { env: "KEY", doc: "a key", inFile: "KEY_FILE", or: "ISSUER" }),
    keyFile: text({ env: "KEY_FILE", doc: "its file", default: "" }),
    issuer: text({ env: "ISSUER", doc: "an issuer", default: "" }),
  };

  it("needs one of the places, and says which there are", () => {
    expect(() => readSettings(settings, {})).toThrow("KEY or KEY_FILE or ISSUER is not set; it is required: a key");
    expect(readSettings(settings, { KEY: "7" }).key).toBe(7);
    for (const env of [{ KEY_FILE: "k.json" }, { ISSUER: "x" }])
      expect(readSettings(settings, env).key).toBeUndefined();
    expect(readSettings(settings, { KEY: "7", ISSUER: "x" })).toMatchObject({ key: 7, issuer: "x" });
  });

  it("refuses the same in two places", () => {
    const both = { KEY: "7", KEY_FILE: "k.json" };
    expect(() => readSettings(settings, both)).toThrow("KEY and KEY_FILE are both set; keep one of them");
  });
});

describe("list()", () => {
  it("parts values by commas, and checks each", () => {
    const settings = { ports: list(Number, { env: "PORTS", doc: "ports", default: [] }) };
    expect(readSettings(settings, { PORTS: " 1, ,2 " }).ports).toEqual([1, 2]);
    expect(readSettings(settings, {}).ports).toEqual([]);
  });
});

describe("flag()", () => {
  it("is true or false, and nothing else", () => {
    const settings = { on: flag({ env: "ON", doc: "a flag", default: true }) };
    expect([{}, { ON: "false" }, { ON: "true" }].map((env) => readSettings(settings, env).on)).toEqual([
      true,
      false,
      true,
    ]);
    expect(() => readSettings(settings, { ON: "yes" })).toThrow('ON: "yes" is not one of true, false; a flag');
  });
});

describe("settingsOf()", () => {
  it("gives what a reader reads, whether it lacks something of it or not", () => {
    expect(settingsOf((env) => readSettings(settings, env))).toEqual(settings);
    expect(settingsOf((env) => readSettings({ name: settings.port }, env))).toEqual({ name: settings.port });
    const { port, level } = settingsOf((env) => readSettings(settings, env));
    expect([port?.min, port?.max, level?.values]).toEqual([0, 100, ["info", "error"]]);
  });

  it("fails with what is no fault of the environment", () => {
    expect(() =>
      settingsOf(() => {
        throw new Error("broken");
      }),
    ).toThrow("broken");
  });
});
