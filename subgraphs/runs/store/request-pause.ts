import type { Tx } from "@soma/shared/postgres/connect";
import { RUN_STATUS } from "../domain/run-status.ts";

/**
 * Sets or clears the pause bit of a run that is not finished. Its owner pauses it after the step it is in; a run that
 * waits is due at once for that, and a paused one for going on.
 */
export async function requestPause(tx: Tx, { runId, pause }: { runId: string; pause: boolean }): Promise<void> {
  const { PARKED, WAITING_APPROVAL, PAUSED } = RUN_STATUS;
  const due = pause ? [PARKED.code, WAITING_APPROVAL.code] : [PAUSED.code];
  await tx`update run set control = control # 2,
      available_at = case when status = any (${due}::smallint[]) then clock_timestamp() else available_at end
    where run_id = ${runId} and status < 10 and (control & 2 = 2) <> ${pause}`;
}
