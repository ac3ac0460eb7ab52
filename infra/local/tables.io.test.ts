import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createSilentLog } from "@soma/shared/log";
import { connect } from "@soma/shared/postgres/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SCHEMAS } from "./parts.ts";
import { type LocalPostgres, startPostgres } from "./postgres.ts";

const PROGRAM = fileURLToPath(new URL("./tables.ts", import.meta.url));

/** On a server of its own, since roles belong to a whole server. */
describe("tables.ts", () => {
  let folder: string;
  let server: LocalPostgres;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-tables-"));
    server = await startPostgres({
      dataDir: join(folder, "pg"),
      password: "owner",
      preferredPort: 0,
      database: "postgres",
      log: createSilentLog(),
      say: () => {},
    });
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const as = (user: string, password: string): string => {
    const url = new URL(server.ownerUrl);
    url.username = user;
    url.password = password;
    return url.href;
  };
  const make = (password = "first") =>
    promisify(execFile)(process.execPath, [PROGRAM], {
      env: {
        OWNER_DATABASE_URL: server.ownerUrl,
        DATABASE_URL: as("soma_request", password),
        WORKER_DATABASE_URL: as("soma_worker", password),
      },
    });

  it("makes roles and tables, changes nothing again, and gives a role the password that its address has by now", async () => {
    const both = await Promise.all([make(), make()]);
    const counts = both.map(({ stdout }) => Number(/; (\d+) migrations were applied\n$/.exec(stdout)?.[1] ?? 0));
    const migrations = await Promise.all(Object.values(SCHEMAS).map((part) => part.migrations()));
    expect(counts.reduce((sum, count) => sum + count)).toBe(migrations.flat().length);
    expect((await make("next")).stdout).toContain("the tables are as they are to be");
    const sql = connect({ url: as("soma_request", "next"), schema: "public", applicationName: "soma-test", max: 1 });
    try {
      const rows = await sql<{ name: string }[]>`
        select nspname as name from pg_namespace where has_schema_privilege(nspname, 'usage')`;
      expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(SCHEMAS)));
    } finally {
      await sql.end();
    }
  });

  it("ends with 1 and the reason when the owner cannot sign in, and tells no password", async () => {
    const wrong = { OWNER_DATABASE_URL: as("soma_owner", "hunter2"), DATABASE_URL: as("soma_request", "a") };
    const env = { ...wrong, WORKER_DATABASE_URL: as("soma_worker", "b") };
    const failed = promisify(execFile)(process.execPath, [PROGRAM], { env });
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^the tables could not be made: /),
    });
    await expect(failed).rejects.toMatchObject({ stderr: expect.not.stringContaining("hunter2") });
  });
});
