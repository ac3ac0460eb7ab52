import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lifeOf } from "@soma/schemas/process-life";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isRunning, nearestDataDir, readCredentials, readRuntime } from "./data-folder.ts";

let place: string;
let dataDir: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "soma-cli-"));
  dataDir = join(place, ".soma");
  mkdirSync(join(place, "a", "b"), { recursive: true });
  mkdirSync(dataDir);
});
afterEach(() => rmSync(place, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(dataDir, name), text);

describe("readRuntime() and readCredentials()", () => {
  it("give what a running product left", async () => {
    write(
      "runtime.json",
      '{"pid":7,"url":"http://127.0.0.1:4700","startedAt":"2026-11-24T10:41:00.000Z","life":"7 since 9"}\n',
    );
    write("credentials.json", '{"token":"t"}\n');
    expect(await readRuntime(dataDir)).toMatchObject({ pid: 7, life: "7 since 9", url: "http://127.0.0.1:4700" });
    expect(await readCredentials(dataDir)).toEqual({ token: "t" });
  });

  it("give nothing for a file that is not there, or is cut off", async () => {
    write("runtime.json", '{"pid":7,"ur');
    expect([await readRuntime(dataDir), await readCredentials(dataDir)]).toEqual([undefined, undefined]);
  });
});

describe("isRunning()", () => {
  const { pid } = process;
  const runtime = { pid, url: "u", startedAt: "" };

  it("is true of the process that wrote the file, and of no later one that has its number", async () => {
    expect(await isRunning({ ...runtime, life: (await lifeOf(pid)) ?? "" })).toBe(true);
    expect(await isRunning({ ...runtime, life: `${pid} since 1` })).toBe(false);
  });

  it("goes by the number alone for a version that left no more", async () => {
    expect([await isRunning(runtime), await isRunning({ ...runtime, pid: 2 ** 30 })]).toEqual([true, false]);
  });
});

describe("nearestDataDir()", () => {
  it("finds a folder that was in use, from any folder below", () => {
    write("runtime.json", "{}");
    expect(nearestDataDir({}, join(place, "a", "b"))).toBe(dataDir);
  });

  it("takes the one that SOMA_DATA_DIR names, whether it is there or not", () => {
    expect(nearestDataDir({ SOMA_DATA_DIR: "data" }, place)).toBe(join(place, "data"));
  });
});
