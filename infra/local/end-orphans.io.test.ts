import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onLinux } from "@soma/shared/testing/on-linux";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { endOrphans } from "./end-orphans.ts";

let folder: string;
let children: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "soma-orphans-"));
  children = [];
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** A process that stands in a folder and is called what a program of PostgreSQL would be. */
async function stand(argv0: string, cwd = folder): Promise<ChildProcess> {
  const child = spawn("sleep", ["60"], { cwd, argv0 });
  children.push(child);
  await once(child, "spawn");
  return child;
}

describe.skipIf(process.platform !== "linux")(onLinux("endOrphans()"), () => {
  it("asks what is left of a server to end, and nobody else", async () => {
    const orphan = await stand("postgres: checkpointer");
    const ended = once(orphan, "exit");
    const others = [await stand("sleep"), await stand("postgres: of another folder", tmpdir())];
    expect(await endOrphans(folder)).toBe(1);
    expect(await ended).toEqual([null, "SIGTERM"]);
    expect(others.map(({ signalCode }) => signalCode)).toEqual([null, null]);
  });

  it("leaves alone whoever has the database to himself", async () => {
    const { pid } = await stand("postgres");
    writeFileSync(join(folder, "postmaster.pid"), `-${pid}\n`);
    expect(await endOrphans(folder)).toBe(0);
  });

  it("takes no offence at one that ends while it is looked at", async () => {
    await stand("postgres: walwriter");
    vi.spyOn(process, "kill").mockImplementation(() => {
      throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
    });
    expect(await endOrphans(folder)).toBe(0);
  });
});
