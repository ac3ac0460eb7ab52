import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onLinux } from "@soma/shared/testing/on-linux";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findServer, type Server, startServer } from "./postgres-server.ts";

let dataDir: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "soma-server-"));
});
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(dataDir, { recursive: true });
});

/** A process that is called as PostgreSQL is, and a pid file of an hour ago by the clock as it is set now. */
async function serveFrom(cwd: string): Promise<number> {
  child = spawn("sleep", ["60"], { cwd, argv0: "/usr/lib/postgresql/bin/postgres" });
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const startedAt = Math.floor(Date.now() / 1_000) - 3_600;
  writeFileSync(join(dataDir, "postmaster.pid"), `${pid}\n${dataDir}\n${startedAt}\n5432\n\n\n\nready\n`);
  return pid;
}

/** PostgreSQL's user can run nothing, as in an image without coreutils. */
const server = (): Server => ({
  pgCtl: "",
  dataDir,
  user: {
    name: "nobody",
    run: () => Promise.reject(new Error("spawn readlink ENOENT")),
    own: async () => {},
    here: (folder) => folder,
  },
});

describe.skipIf(process.platform !== "linux")(onLinux("findServer()"), () => {
  it("knows our own server by its folder, whatever was done to the clock", async () => {
    const pid = await serveFrom(dataDir);
    expect(await findServer(server())).toMatchObject({ pid, port: 5432 });
    expect(existsSync(join(dataDir, "postmaster.pid"))).toBe(true);
  });

  it("takes a server of another folder for a stranger, and removes the file that names it", async () => {
    await serveFrom(tmpdir());
    expect(await findServer(server())).toBeUndefined();
    expect(existsSync(join(dataDir, "postmaster.pid"))).toBe(false);
  });

  it("removes a file that names nobody, which no server starts beside, and waits for one that is just being written", async () => {
    const file = join(dataDir, "postmaster.pid");
    writeFileSync(file, "");
    expect(await findServer(server())).toBeUndefined();
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, "");
    const found = findServer(server());
    const pid = await serveFrom(dataDir);
    expect(await found).toMatchObject({ pid });
  });
});

describe("startServer()", () => {
  it("tells the end of the server's log, however long that has become", async () => {
    const log = join(dataDir, "server.log");
    writeFileSync(log, "");
    truncateSync(log, 3 * 1_024 ** 3);
    appendFileSync(log, "\nmonths ago\none\ntwo\nthree\nfour\nFATAL:  no room\n");
    await expect(startServer(server(), 1)).rejects.toThrow(
      `PostgreSQL did not start in ${dataDir}; the end of ${log}:\none\ntwo\nthree\nfour\nFATAL:  no room`,
    );
  });
});
