import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@soma/local/postgres";
import { provision } from "@soma/local/test-postgres";
import { createSilentLog } from "@soma/shared/log";
import { connect, type Sql } from "@soma/shared/postgres/connect";

/** What was spent in a stretch of time, by the server and by this process. */
interface Spent {
  seconds: number;
  statements: number;
  walBytes: number;
  /** Microseconds of this process. */
  nodeUs: number;
  /** Microseconds of the server; 0 where nobody tells. */
  serverUs: number;
}

export interface MeasuredServer {
  /** Connection string of the owner. */
  url: string;
  measure(work: () => Promise<void>): Promise<Spent>;
  /** The statements since the last measure began, the most frequent ones first. */
  statements(): Promise<{ calls: number; query: string }[]>;
  stop(): Promise<void>;
}

/** A clock tick of Linux, in which it tells what a process has used. */
const TICK_US = 10_000;

/** The PostgreSQL of the product in a folder of its own, with the extension that counts statements. */
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
  await withOwner(plain.ownerUrl, (sql) => sql`alter system set shared_preload_libraries = 'pg_stat_statements'`);
  await plain.stop();
  const server = await start();
  await provision(server.ownerUrl);
  const owner = connect({ url: server.ownerUrl, schema: "public", applicationName: "load-counts", max: 1 });
  await owner`create extension pg_stat_statements`;

  return {
    url: server.ownerUrl,
    async measure(work) {
      await owner`select pg_stat_statements_reset()`;
      const before = await count(owner);
      const beganAt = performance.now();
      await work();
      const seconds = (performance.now() - beganAt) / 1_000;
      const after = await count(owner);
      return {
        seconds,
        statements: after.statements - before.statements,
        walBytes: after.walBytes - before.walBytes,
        nodeUs: after.nodeUs - before.nodeUs,
        serverUs: usedBetween(before.ticks, after.ticks) * TICK_US,
      };
    },
    statements: () =>
      owner<
        { calls: number; query: string }[]
      >`select sum(calls)::int as calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 90) as query
        from pg_stat_statements where query not like '%pg_stat_statements%' group by 2 order by 1 desc limit 16`,
    async stop() {
      await owner.end({ timeout: 2 });
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function count(owner: Sql) {
  const cpu = process.cpuUsage();
  const [row] = await owner<{ statements: number; walBytes: number; pids: number[] }[]>`
    select (select coalesce(sum(calls), 0)::float8 from pg_stat_statements where query not like '%pg_stat_statements%') as statements,
      (pg_current_wal_insert_lsn() - '0/0')::float8 as "walBytes",
      (select array_agg(pid) from pg_stat_activity) as pids`;
  const { statements = 0, walBytes = 0, pids = [] } = row ?? {};
  const ticks = new Map(await Promise.all(pids.map(async (pid) => [pid, await ticksOf(pid)] as const)));
  return { statements, walBytes, nodeUs: cpu.user + cpu.system, ticks };
}

/** What the processes that are there at the end have used; one that ended in between is not counted. */
function usedBetween(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  return after.entries().reduce((all, [pid, ticks]) => all + ticks - (before.get(pid) ?? 0), 0);
}

async function ticksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

async function withOwner(url: string, work: (sql: Sql) => Promise<unknown>): Promise<void> {
  const sql = connect({ url, schema: "public", applicationName: "load-setup", max: 1 });
  await work(sql);
  await sql.end();
}
