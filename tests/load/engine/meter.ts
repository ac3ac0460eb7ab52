import { readFile } from "node:fs/promises";
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

interface Statement {
  query: string;
  calls: number;
  /** Of one call on the average, without what its commit takes. */
  ms: number;
  walBytes: number;
}

export interface Meter {
  measure(work: () => Promise<void>): Promise<Spent>;
  /** The statements since the last measure began, the most frequent ones first. */
  statements(): Promise<Statement[]>;
  close(): Promise<void>;
}

/** A clock tick of Linux, in which it tells what a process has used. */
const TICK_US = 10_000;

/** Counts what is asked of one database of a measured server. `url` is its owner's, of the database that counts. */
export function createMeter(url: string, database: string): Meter {
  const owner = connect({ url, schema: "public", applicationName: "load-counts", max: 1 });
  return {
    async measure(work) {
      await owner`select pg_stat_statements_reset()`;
      const before = await count(owner, database);
      const beganAt = performance.now();
      await work();
      const seconds = (performance.now() - beganAt) / 1_000;
      const after = await count(owner, database);
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
        Statement[]
      >`select left(regexp_replace(regexp_replace(query, '\\s+', ' ', 'g'), '^select .{40,} from ', 'select … from '), 90) as query, sum(calls)::int as calls,
          sum(total_exec_time) / sum(calls) as ms, (sum(wal_bytes) / sum(calls))::float8 as "walBytes"
        from pg_stat_statements where ${isOf(owner, database)} group by 1 order by 2 desc limit 16`,
    close: () => owner.end({ timeout: 2 }),
  };
}

const isOf = (owner: Sql, database: string) =>
  owner`dbid = (select oid from pg_database where datname = ${database}) and query not like '%pg_stat_statements%'`;

async function count(owner: Sql, database: string) {
  const cpu = process.cpuUsage();
  const [row] = await owner<{ statements: number; walBytes: number; pids: number[] }[]>`
    select (select coalesce(sum(calls), 0)::float8 from pg_stat_statements where ${isOf(owner, database)}) as statements,
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
