import type { Tx } from "@soma/shared/postgres/connect";

/** Sets the cancel bit of a run that is not finished; its owner reads it with its next commit or look. */
export async function requestCancel(tx: Tx, params: { runId: string; reason: string }): Promise<void> {
  await tx`update run set control = control | 1, cancel_reason = ${params.reason} where run_id = ${params.runId} and status < 10 and control & 1 = 0`;
}
