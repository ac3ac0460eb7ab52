import type { Tx } from "@soma/shared/postgres/connect";

/** Runs that wrote a run's history, in the order of their ids, each with when it was ordered to be erased. */
export interface LockedRun {
  runId: string;
  erasedAt: Date | null;
}

/**
 * Locks the runs that wrote a history, its own among them, until the end of the transaction: none of them is ordered to be
 * erased or goes away meanwhile. Where something is written about the run itself, it is locked as for a change.
 */
export async function lockLineage(
  tx: Tx,
  { runId, strength }: { runId: string; strength: "KEY_SHARE" | "NO_KEY_UPDATE" },
): Promise<LockedRun[]> {
  const lock = strength === "KEY_SHARE" ? tx`for key share` : tx`for no key update`;
  return tx<LockedRun[]>`
    select r.run_id as "runId", r.erased_at as "erasedAt" from run r
     where r.run_id in (select l.run_id from lineage(${runId}) l) order by r.run_id ${lock}`;
}
