import type { Tx } from "@soma/shared/postgres/connect";
import { runColumns, type StoredRun, toRuns } from "./run-columns.ts";
import type { RunRow } from "./tables.ts";

/** Runs that each of these has started, newest first, so many of each. */
export async function listChildren(
  tx: Tx,
  { runIds, limit }: { runIds: readonly string[]; limit: number },
): Promise<RunRow[]> {
  const rows = await tx<StoredRun[]>`
    select c.* from unnest(${[...runIds]}::uuid[]) p(id)
      cross join lateral (select ${runColumns(tx)} from run where parent_run_id = p.id order by run_id desc limit ${limit}) c`;
  return toRuns(tx, rows);
}
