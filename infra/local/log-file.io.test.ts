import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLogFile } from "./log-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-log-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("openLogFile()", () => {
  it("makes a file and a folder for their owner alone", () => {
    const { path } = openLogFile(folder, "soma");
    const modes = [path, join(folder, "log")].map((each) => (statSync(each).mode & 0o777).toString(8));
    expect(modes).toEqual(["600", "700"]);
  });

  it("says what to do where nothing can be written", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => openLogFile(join(folder, "file", "data"), "soma")).toThrow(
      /data\/log\/soma.log cannot be written: ENOTDIR.*choose another folder with --data DIR/,
    );
  });
});
