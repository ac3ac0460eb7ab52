import { describe, expect, it } from "vitest";
import { isFullDisk } from "./full-disk.ts";

const failure = (fields: object, cause?: unknown) => Object.assign(new Error("no", { cause }), fields);

describe("isFullDisk()", () => {
  it("knows what a disk, a quota and SQLite say, also as the cause of something else", () => {
    for (const fields of [{ code: "ENOSPC" }, { code: "EDQUOT" }, { code: "ERR_SQLITE_ERROR", errcode: 13 }]) {
      expect(isFullDisk(failure(fields)), JSON.stringify(fields)).toBe(true);
      expect(isFullDisk(failure({}, failure({}, failure(fields)))), JSON.stringify(fields)).toBe(true);
    }
  });

  it("takes nothing else for it, and goes round no ring of causes", () => {
    const ring = failure({});
    ring.cause = ring;
    for (const error of [
      failure({ code: "ENOENT" }),
      failure({ errcode: 5 }),
      ring,
      "ENOSPC",
      { code: "ENOSPC" },
      null,
    ])
      expect(isFullDisk(error)).toBe(false);
  });
});
