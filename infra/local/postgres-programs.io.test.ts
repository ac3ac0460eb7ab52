import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { reachPrograms } from "./postgres-programs.ts";

let folder: string;
let installed: string;
let places: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-programs-"));
  installed = join(folder, "closed");
  mkdirSync(join(installed, "bin"), { recursive: true });
  mkdirSync(join(installed, "lib"));
  writeFileSync(join(installed, "bin", "pg_ctl"), "#!/bin/sh\n", { mode: 0o700 });
  writeFileSync(join(installed, "lib", "libpq.so"), "library", { mode: 0o600 });
  places = [join(folder, "first"), join(folder, "second")];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** PostgreSQL's user may enter the places and not the folder of the installation. */
function reach({ version = "1", canRun = async (program: string) => !program.startsWith(installed) } = {}) {
  return reachPrograms({ installed, version, canRun, places });
}
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("reachPrograms()", () => {
  it("takes them where npm put them when they run there, and copies nothing", async () => {
    const programs = await reach({ canRun: async () => true });
    expect(programs).toMatchObject({ pg_ctl: join(installed, "bin", "pg_ctl"), copiedTo: undefined });
    expect(places.some(existsSync)).toBe(false);
  });

  it("copies them once for a user who may not enter, so that everybody can run them", async () => {
    const { pg_ctl, copiedTo = "" } = await reach();
    expect([copiedTo, pg_ctl]).toEqual([join(folder, "first", "postgresql-1"), join(copiedTo, "bin", "pg_ctl")]);
    expect([modeOf(pg_ctl), modeOf(join(copiedTo, "lib", "libpq.so")), modeOf(copiedTo)]).toEqual([
      0o755, 0o644, 0o755,
    ]);
    const before = statSync(pg_ctl).ino;
    expect((await reach()).copiedTo).toBe(copiedTo);
    expect(statSync(pg_ctl).ino).toBe(before);
    expect(readdirSync(join(folder, "first"))).toEqual(["postgresql-1"]);
  });

  it("copies again what was cut off or cleaned away", async () => {
    const { copiedTo = "" } = await reach();
    rmSync(join(copiedTo, "lib", "libpq.so"));
    await reach();
    expect(existsSync(join(copiedTo, "lib", "libpq.so"))).toBe(true);
    expect(readdirSync(join(folder, "first"))).toEqual(["postgresql-1"]);
  });

  it("removes copies of other versions, but none that a process runs from", async () => {
    const { copiedTo: old = "" } = await reach({ version: "1" });
    cpSync("/bin/sleep", join(old, "bin", "sleep"));
    const server = spawn(join(old, "bin", "sleep"), ["60"]);
    try {
      await once(server, "spawn");
      await reach({ version: "2" });
      expect(readdirSync(join(folder, "first")).sort()).toEqual(["postgresql-1", "postgresql-2"]);
    } finally {
      server.kill("SIGKILL");
      await once(server, "exit");
    }
    await reach({ version: "3" });
    expect(readdirSync(join(folder, "first"))).toEqual(["postgresql-3"]);
  });

  it("goes on to the next place where others could have put programs of their own, or nothing runs", async () => {
    mkdirSync(join(folder, "first"));
    chmodSync(join(folder, "first"), 0o777);
    expect((await reach()).copiedTo).toBe(join(folder, "second", "postgresql-1"));
    places = [join(folder, "third"), join(folder, "second")];
    const { copiedTo } = await reach({ canRun: async (program) => program.startsWith(join(folder, "second")) });
    expect(copiedTo).toBe(join(folder, "second", "postgresql-1"));
  });

  it("says what was tried when there is no such place", async () => {
    places = [join(folder, "missing", "place")];
    await expect(reach()).rejects.toThrow(/closed cannot be run by its user.*such as \/opt \(.*missing\/place: ENOENT/);
  });
});
