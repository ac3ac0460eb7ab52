import type { Sql } from "@soma/shared/postgres/connect";

/** Runs under way, each under the epoch of its owner. */
export interface Owned {
  runIds: string[];
  epochs: number[];
}

/** Those of one worker, or of all. */
export async function findOwned(sql: Sql, schema: string, workerId: string | null = null): Promise<Owned> {
  const rows = await sql<{ runId: string; epoch: number }[]>`
    select run_id as "runId", epoch from ${sql(`${schema}.run`)}
     where status = 1 and worker_id = coalesce(${workerId}::uuid, worker_id)`;
  return { runIds: rows.map(({ runId }) => runId), epochs: rows.map(({ epoch }) => epoch) };
}

/** Of how many of them a step has ended since they changed hands, or the run, where there was no step left. */
export async function countResumed(sql: Sql, schema: string, { runIds, epochs }: Owned): Promise<number> {
  const [row] = await sql<{ resumed: number }[]>`
    select count(*)::int as resumed from unnest(${runIds}::uuid[], ${epochs}::int[]) o(run_id, epoch)
     where exists (select from ${sql(`${schema}.journal`)} j where j.run_id = o.run_id and j.epoch > o.epoch
       and (j.kind between 11 and 14 or j.kind between 4 and 6))`;
  return row?.resumed ?? 0;
}
