import type { Tx } from "@soma/shared/postgres/connect";
import { RUN_STATUS } from "../domain/run-status.ts";

const { PARKED, WAITING_APPROVAL, PAUSED } = RUN_STATUS;

/**
 * Sets the cancel bit of a run that is not finished, and of all runs below it in its tree, which the transaction has locked; their
 * owners read it with their next commit or look. A run that waits or is paused is due at once. Rows are locked in the order of
 * their ids.
 */
export async function requestCancel(tx: Tx, params: { runId: string; reason: string }): Promise<void> {
  await tx`
    with recursive below as (
        select run_id from run where run_id = ${params.runId}
        union all select c.run_id from below b cross join lateral (select x.run_id from run x where x.parent_run_id = b.run_id offset 0) c),
      locked as (select r.run_id from run r where r.run_id in (select run_id from below) and r.status < 10
                  order by r.run_id for no key update)
    update run r set control = r.control | 1, cancel_reason = ${params.reason},
        available_at = case when r.status in (${PARKED.code}, ${WAITING_APPROVAL.code}, ${PAUSED.code}) then clock_timestamp() else r.available_at end
      from locked where r.run_id = locked.run_id and r.control & 1 = 0`;
}
