import type { Tx } from "@soma/shared/postgres/connect";

/**
 * Locks the tree a run belongs to until the end of the transaction: no run is added to it meanwhile. Gives the id of its root,
 * whose row is the lock; a run that stands alone is its own.
 */
export async function lockTree(tx: Tx, { runId }: { runId: string }): Promise<string | undefined> {
  const [row] = await tx<{ rootRunId: string }[]>`
    select run_id as "rootRunId" from run
      where run_id = (select coalesce(r.root_run_id, r.run_id) from run r where r.run_id = ${runId}) for no key update`;
  return row?.rootRunId;
}
