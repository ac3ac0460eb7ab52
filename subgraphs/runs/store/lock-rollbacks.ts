import type { Tx } from "@soma/shared/postgres/connect";

/** Rollbacks of one run follow one another: this waits for the one before, and holds the next until the transaction ends. */
export async function lockRollbacks(tx: Tx, { runId }: { runId: string }): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${`rollback:${runId}`}, 0))`;
}
