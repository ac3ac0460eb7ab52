import { join } from "node:path";
import { readPidFile } from "@soma/local/pid-file";
import { loadSecrets } from "@soma/local/secrets";
import { connect, type Sql } from "@soma/shared/postgres/connect";

/** The PostgreSQL of a product under test, as its owner sees it; ends with the server it was opened on. */
export interface ProductDatabase {
  sql: Sql;
  /** Holds a lock that no statement of the product gets around, until it is let go. */
  lock(table: string, mode: "share" | "access exclusive"): Promise<{ release(): Promise<void> }>;
  /** Whether somebody stands in line for a lock on the whole table. */
  isWaitedFor(table: string): Promise<boolean>;
  /** Ends every connection of the product at once; how many there were. */
  cutConnections(): Promise<number>;
  countConnections(): Promise<number>;
  /** Does to each worker that lives what another one does to a dead one; how many there were. */
  takeOverWorkers(): Promise<number>;
  close(): Promise<void>;
}

/** `schema` is what unqualified names mean. */
export async function openDatabase(dataDir: string, schema = "public"): Promise<ProductDatabase> {
  const { postgres } = await loadSecrets(dataDir);
  const port = (await readPidFile(join(dataDir, "pg")))?.port;
  const sql = connect({
    url: `postgres://soma_owner:${encodeURIComponent(postgres.owner)}@127.0.0.1:${port}/postgres`,
    schema,
    applicationName: "system-test",
    max: 6,
    statementTimeoutMs: 0,
    parameters: { idle_in_transaction_session_timeout: "0" },
  });
  return {
    sql,
    async lock(table, mode) {
      const session = await sql.reserve();
      await session.unsafe(`begin; lock table ${table} in ${mode} mode`);
      return {
        async release() {
          await session.unsafe("rollback").catch(() => {});
          session.release();
        },
      };
    },
    async isWaitedFor(table) {
      const rows = await sql`select from pg_locks
        where relation = ${table}::regclass and mode = 'AccessExclusiveLock' and not granted`;
      return rows.length > 0;
    },
    async cutConnections() {
      const cut = await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where usename in ('soma_request', 'soma_worker') and pid <> pg_backend_pid()`;
      return cut.length;
    },
    async countConnections() {
      return (await sql`select from pg_stat_activity where usename in ('soma_request', 'soma_worker')`).length;
    },
    async takeOverWorkers() {
      return (await sql`select runs.take_over_worker(no, worker_id) from runs.worker where state = 1`).length;
    },
    close: () => sql.end({ timeout: 0 }),
  };
}

/** The same for as long as the work takes. */
export async function withDatabase(
  dataDir: string,
  schema: string,
  work: (database: ProductDatabase) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(dataDir, schema);
  try {
    await work(database);
  } finally {
    await database.close();
  }
}
