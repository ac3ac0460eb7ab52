import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceFile } from "./replace-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-replace-"));
  path = join(folder, "note");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("replaceFile()", () => {
  it("replaces the file, and what a killed writer left beside it", async () => {
    writeFileSync(path, "old", { mode: 0o644 });
    writeFileSync(`${path}.new`, "half of something longer", { mode: 0o644 });
    await replaceFile(path, "new", { mode: 0o600 });
    expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["new", 0o600]);
    expect(readdirSync(folder)).toEqual(["note"]);
  });

  it("gives the file to an owner with the mode as it is asked for", async () => {
    const { uid, gid } = statSync(folder);
    await replaceFile(path, "new", { mode: 0o666, owner: { uid, gid } });
    const after = statSync(path);
    expect([after.mode & 0o777, after.uid, after.gid]).toEqual([0o666, uid, gid]);
  });

  it("leaves nothing beside a file that cannot be replaced", async () => {
    mkdirSync(path);
    await expect(replaceFile(path, "new")).rejects.toThrow(/EISDIR|EEXIST|EPERM/);
    expect(readdirSync(folder)).toEqual(["note"]);
  });

  it.skipIf(process.platform === "win32")(
    `leaves the old text and nothing else when the disk takes only half${process.platform === "win32" ? " (not run here: it needs ulimit)" : ""}`,
    async () => {
      await replaceFile(path, "old");
      const program = `import { replaceFile } from ${JSON.stringify(new URL("replace-file.ts", import.meta.url).href)};
        await replaceFile(${JSON.stringify(path)}, "x".repeat(100_000)).catch(({ code }) => console.log(code));`;
      // A limit of the kernel on the size of a file cuts a write in the middle, as a full disk does.
      const narrow = ["-c", 'ulimit -f 8; exec "$0" --input-type=module -e "$1"', process.execPath, program];
      expect(execFileSync("sh", narrow, { encoding: "utf8" })).toBe("EFBIG\n");
      expect([readdirSync(folder), readFileSync(path, "utf8")]).toEqual([["note"], "old"]);
    },
  );
});
