import type { Tx } from "@soma/shared/postgres/connect";

/** Asks whoever runs an invocation of the run to stop it; what has ended is left as it is. */
export async function requestRunCancel(tx: Tx, { tenant, runId }: { tenant: string; runId: string }): Promise<void> {
  await tx`update invocation set cancel_requested = true
    where tenant = ${tenant} and run_id = ${runId} and status = 'RUNNING' and not cancel_requested`;
}
