import type { Tx } from "@soma/shared/postgres/connect";
import { runColumns, type StoredRun, toRuns } from "./run-columns.ts";
import type { RunRow } from "./tables.ts";

/** Runs that were forked from one, or from one that it has started, and have their contents, newest first. */
export async function listForks(
  tx: Tx,
  { tenant, runId, limit }: { tenant: string; runId: string; limit: number },
): Promise<RunRow[]> {
  const rows = await tx<StoredRun[]>`
    select ${runColumns(tx)} from run
     where tenant = ${tenant} and erased_at is null
       and forked_from_run_id in (select r.run_id from run r where r.run_id = ${runId} or r.root_run_id = ${runId})
     order by run_id desc limit ${limit}`;
  return toRuns(tx, rows);
}
