import { execFile } from "node:child_process";
import { appendFile, cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const installed = dirname(dirname(dirname(createRequire(import.meta.url).resolve("postgres"))));
const FILES = ["src/connection.js", "src/index.js"];

let folder: string;
let driver: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "soma-patches-"));
  driver = join(folder, "postgres");
  await cp(installed, driver, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function apply(args: string[], at = here): Promise<string> {
  return run(process.execPath, [join(at, "apply.js"), ...args]).then(
    ({ stdout }) => stdout,
    (error: { code: number; stderr: string }) => `exit ${error.code}: ${error.stderr}`,
  );
}

const texts = (): Promise<string[]> => Promise.all(FILES.map((file) => readFile(join(driver, file), "utf8")));

describe("apply.js", () => {
  it("leaves what is patched already alone: nothing is written", async () => {
    const before = await stat(join(driver, "src/index.js"));
    expect(await apply([driver])).toContain("is patched already");
    expect((await stat(join(driver, "src/index.js"))).ino).toBe(before.ino);
  });

  it("goes back to the published files and forth again", async () => {
    const patched = await texts();
    expect(await apply(["--undo", driver])).toContain("2 files brought to original");
    expect((await texts()).join()).not.toContain("lost-connections");
    expect(await apply([driver])).toContain("2 files brought to patched");
    expect(await texts()).toEqual(patched);
  });

  it("goes on where it was stopped between two files", async () => {
    const patched = await texts();
    await apply(["--undo", driver]);
    await writeFile(join(driver, "src/connection.js"), patched[0] ?? "");
    expect(await apply([driver])).toContain("1 files brought to patched");
    expect(await texts()).toEqual(patched);
  });

  it("refuses a file that it does not know, before it writes any", async () => {
    await apply(["--undo", driver]);
    await appendFile(join(driver, "src/index.js"), "// changed\n");
    const before = await texts();
    expect(await apply([driver])).toMatch(/^exit 1: .*index\.js is neither .* nor our patched one .*npm ci/);
    expect(await texts()).toEqual(before);
  });

  it("refuses another version", async () => {
    const path = join(driver, "package.json");
    await writeFile(path, (await readFile(path, "utf8")).replace('"3.4.9"', '"3.5.0"'));
    expect(await apply([driver])).toMatch(/^exit 1: .*postgres 3\.5\.0 and postgres-3\.4\.9\.patch is for 3\.4\.9/);
  });

  it("refuses a patch that was changed", async () => {
    const changed = join(folder, "patches");
    await cp(here, changed, { recursive: true });
    const path = join(changed, "postgres-3.4.9.patch");
    await writeFile(path, (await readFile(path, "utf8")).replace("+    , opened = false", "+    , opened = true"));
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    await apply(["--undo", driver]);
    expect(await apply([driver], changed)).toMatch(/^exit 1: .*makes src\/connection\.js into something else/);
  });

  it("refuses a package that has no patch", async () => {
    await writeFile(join(folder, "package.json"), '{"name":"other","version":"1.0.0"}');
    expect(await apply([folder])).toMatch(/^exit 1: there is no patch for other/);
  });
});
