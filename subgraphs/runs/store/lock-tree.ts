import type { Tx } from "@soma/shared/postgres/connect";

/** As long as a worker that says nothing has its runs: the row would hold up those who take them over. */
const IDLE_MS = "2000";

/**
 * Locks the tree a run belongs to until the end of the transaction: no run is added to it meanwhile. Gives the id of its root,
 * whose row is the lock; a run that stands alone is its own. The server ends a transaction that then stands idle, as that of
 * a frozen process.
 */
export async function lockTree(tx: Tx, { runId }: { runId: string }): Promise<string | undefined> {
  const [row] = await tx<{ rootRunId: string }[]>`
    select run_id as "rootRunId", set_config('idle_in_transaction_session_timeout', ${IDLE_MS}, true) from run
      where run_id = (select coalesce(r.root_run_id, r.run_id) from run r where r.run_id = ${runId}) for no key update`;
  return row?.rootRunId;
}
