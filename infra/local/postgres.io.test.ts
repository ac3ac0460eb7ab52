import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@soma/shared/postgres/connect";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LocalPostgres, startPostgres } from "./postgres.ts";

/** A folder that nobody else may enter, as root's home is, with the database two floors below. */
let closed: string;
let dataDir: string;
beforeEach(() => {
  closed = mkdtempSync(join(tmpdir(), "soma-pg-"));
  chmodSync(closed, 0o700);
  mkdirSync(join(closed, "data"), { mode: 0o700 });
  dataDir = join(closed, "data", "pg");
});
afterEach(() => rmSync(closed, { recursive: true, force: true }));

const start = (): Promise<LocalPostgres> =>
  startPostgres({ dataDir, password: "pass word", preferredPort: 0, database: "postgres" });

async function ask({ ownerUrl }: LocalPostgres): Promise<unknown> {
  const sql = connect({ url: ownerUrl, schema: "public", applicationName: "soma-test", max: 1 });
  try {
    return (await sql`select current_setting('max_wal_size') as size`)[0]?.size;
  } finally {
    await sql.end();
  }
}

describe("startPostgres()", () => {
  it("works in a folder that others may not enter and leaves its mode, whoever starts it", async () => {
    writeFileSync(join(closed, "data", "note"), "");
    mkdirSync(join(closed, "data", "pg.making-left1"));
    writeFileSync(join(closed, "data", "pg.making-left1", "PG_VERSION"), "18");
    const first = await start();
    expect([first.created, await ask(first)]).toEqual([true, "2GB"]);
    expect([closed, join(closed, "data"), dataDir].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o700, 0o700, 0o700,
    ]);
    expect(readdirSync(join(closed, "data")).sort()).toEqual(["note", "pg"]);
    const again = await start();
    expect(again).toMatchObject({ created: false, port: first.port });
    await again.stop();
    expect(existsSync(join(dataDir, "postmaster.pid"))).toBe(false);
  });

  it("starts where the pid file of a lost machine names a process that is somebody else's now", async () => {
    const first = await start();
    const pidFile = readFileSync(join(dataDir, "postmaster.pid"), "utf8");
    await first.stop();
    const { uid, gid } = statSync(dataDir);
    const stranger = spawn("sleep", ["60"], process.getuid?.() === 0 ? { uid, gid } : {});
    try {
      writeFileSync(join(dataDir, "postmaster.pid"), pidFile.replace(/^\d+/, String(stranger.pid)));
      const second = await start();
      expect(await ask(second)).toBe("2GB");
      await second.stop();
    } finally {
      stranger.kill("SIGKILL");
    }
  });

  it("removes nothing that is not a database of its own", async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, "precious"), "");
    await expect(start()).rejects.toThrow(/pg is there and holds no database \(ENOTEMPTY/);
    expect(readdirSync(dataDir)).toEqual(["precious"]);
  });
});
