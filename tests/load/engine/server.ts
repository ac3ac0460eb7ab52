import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@soma/local/postgres";
import { provision } from "@soma/local/test-postgres";
import { createSilentLog } from "@soma/shared/log";
import { connect, type Sql } from "@soma/shared/postgres/connect";

export interface MeasuredServer {
  /** Connection string of the owner, to the database that counts. */
  url: string;
  stop(): Promise<void>;
}

/**
 * The PostgreSQL of the product in a folder of its own, with full durability and the extension that counts statements. Checkpoints
 * are an hour apart: after one, whole pages are written, and that would meet one contender and not another.
 */
export async function startMeasuredServer(): Promise<MeasuredServer> {
  const folder = await mkdtemp(join(tmpdir(), "soma-load-"));
  const start = () =>
    startPostgres({
      dataDir: join(folder, "pg"),
      password: "soma_owner",
      preferredPort: 0,
      database: "postgres",
      log: createSilentLog(),
      say: () => {},
    });
  const plain = await start();
  await withOwner(plain.ownerUrl, async (sql) => {
    await sql`alter system set shared_preload_libraries = 'pg_stat_statements'`;
    await sql`alter system set checkpoint_timeout = '1h'`;
    await sql`alter system set max_wal_size = '8GB'`;
  });
  await plain.stop();
  const server = await start();
  await provision(server.ownerUrl);
  await withOwner(server.ownerUrl, (sql) => sql`create extension pg_stat_statements`);
  return {
    url: server.ownerUrl,
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A database of its own on the server; its connection string. */
export async function createDatabase(url: string, name: string): Promise<string> {
  await withOwner(url, (sql) => sql.unsafe(`create database ${name}`));
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

async function withOwner(url: string, work: (sql: Sql) => Promise<unknown>): Promise<void> {
  const sql = connect({ url, schema: "public", applicationName: "load-setup", max: 1 });
  await work(sql);
  await sql.end();
}
