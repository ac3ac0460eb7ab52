import type { Tx } from "@soma/shared/postgres/connect";
import { RUN_STATUS } from "../domain/run-status.ts";

/**
 * Sets the cancel bit of a run that is not finished; its owner reads it with its next commit or look. A run that is parked
 * or paused is due at once.
 */
export async function requestCancel(tx: Tx, params: { runId: string; reason: string }): Promise<void> {
  await tx`update run set control = control | 1, cancel_reason = ${params.reason},
      available_at = case when status in (${RUN_STATUS.PARKED.code}, ${RUN_STATUS.PAUSED.code}) then clock_timestamp() else available_at end
    where run_id = ${params.runId} and status < 10 and control & 1 = 0`;
}
