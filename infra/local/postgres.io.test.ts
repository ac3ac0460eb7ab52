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
import { createSilentLog } from "@soma/shared/log";
import { connect } from "@soma/shared/postgres/connect";
import { until } from "@soma/shared/testing/until";
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
  startPostgres({
    dataDir,
    password: "pass word",
    preferredPort: 0,
    database: "postgres",
    log: createSilentLog(),
    say: () => {},
  });

async function ask({ ownerUrl }: LocalPostgres): Promise<unknown> {
  const sql = connect({ url: ownerUrl, schema: "public", applicationName: "soma-test", max: 1 });
  try {
    return (await sql`select current_setting('max_wal_size') as size`)[0]?.size;
  } finally {
    await sql.end();
  }
}

function serverPid(): number {
  const path = join(dataDir, "postmaster.pid");
  return existsSync(path) ? Number(readFileSync(path, "utf8").split("\n")[0]) : 0;
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

  it.each(["fast", "immediate", "SIGKILL"])(
    "starts it again on the same port after %s, and not after its own stop",
    async (how) => {
      const server = await start();
      const before = serverPid();
      process.kill(before, { fast: "SIGINT", immediate: "SIGQUIT", SIGKILL: "SIGKILL" }[how]);
      await until("another one answers", async () => serverPid() !== before && (await ask(server)) === "2GB");
      await until("it is known", () => server.check().then(() => true));
      await server.stop();
      expect(existsSync(join(dataDir, "postmaster.pid"))).toBe(false);
    },
  );

  it("does not wait for a statement of a server that was killed", async () => {
    const server = await start();
    const sql = connect({
      url: server.ownerUrl,
      schema: "public",
      applicationName: "soma-test",
      max: 1,
      statementTimeoutMs: 0,
    });
    const endless = sql.unsafe("do $$ begin loop perform 1; end loop; end $$").catch((error: Error) => error);
    await until("it runs", async () => {
      const other = connect({ url: server.ownerUrl, schema: "public", applicationName: "soma-test", max: 1 });
      const rows = await other`select 1 from pg_stat_activity where query like 'do %' and state = 'active'`;
      await other.end();
      return rows.length > 0;
    });
    process.kill(serverPid(), "SIGKILL");
    expect(await endless).toBeInstanceOf(Error);
    await until("another one answers", async () => (await ask(server)) === "2GB", 30_000);
    await sql.end({ timeout: 0 });
    await server.stop();
  });

  it("says what keeps it from starting again, and starts it when that is gone", async () => {
    const server = await start();
    const before = serverPid();
    const config = join(dataDir, "postgresql.conf");
    const whole = readFileSync(config, "utf8");
    writeFileSync(config, `${whole}\nshared_buffers = nonsense\n`);
    process.kill(before, "SIGKILL");
    await until("it is told", () =>
      server.check().then(
        () => false,
        ({ message, cause }) => message.startsWith("PostgreSQL has stopped") && String(cause).includes("nonsense"),
      ),
    );
    writeFileSync(config, whole);
    await until("it answers", async () => (await ask(server)) === "2GB");
    await server.stop();
  });

  it("removes nothing that is not a database of its own", async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, "precious"), "");
    await expect(start()).rejects.toThrow(/pg is there and holds no database \(ENOTEMPTY/);
    expect(readdirSync(dataDir)).toEqual(["precious"]);
  });
});
