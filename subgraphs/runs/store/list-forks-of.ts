import type { Tx } from "@soma/shared/postgres/connect";
import { runColumns, type StoredRun, toRuns } from "./run-columns.ts";
import type { RunRow } from "./tables.ts";

/** Runs that were forked from each of these, newest first, so many of each. */
export async function listForksOf(
  tx: Tx,
  { tenant, runIds, limit }: { tenant: string; runIds: readonly string[]; limit: number },
): Promise<RunRow[]> {
  const rows = await tx<StoredRun[]>`
    select f.* from unnest(${[...runIds]}::uuid[]) p(id)
      cross join lateral (select ${runColumns(tx)} from run
        where tenant = ${tenant} and forked_from_run_id = p.id order by run_id desc limit ${limit}) f`;
  return toRuns(tx, rows);
}
