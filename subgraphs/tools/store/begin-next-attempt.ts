import type { Isolation } from "@soma/sdk/define-tool";
import type { Tx } from "@soma/shared/postgres/connect";

interface BeginNextAttemptParams {
  tenant: string;
  invocationId: string;
  /** Number of the new attempt. */
  attempt: number;
  /** Who runs it. */
  executorId: string;
  /** What allows it. */
  decisionId: string;
  /** Where it runs; another decision may want stronger walls. */
  isolation: Isolation;
}

/**
 * Gives the invocation to an executor for one more attempt, under the decision that allows it now. Needs the row's lock
 * and the old stream's end.
 */
export async function beginNextAttempt(tx: Tx, params: BeginNextAttemptParams): Promise<void> {
  const { tenant, invocationId, attempt, executorId, decisionId, isolation } = params;
  await tx`update invocation set attempt = ${attempt}, executor_id = ${executorId}, decision_id = ${decisionId},
      isolation = ${isolation}, lost_at = null,
      first_frame = (select max(n) + 1 from stream_frame where tenant = ${tenant} and invocation_id = ${invocationId})
    where tenant = ${tenant} and invocation_id = ${invocationId}`;
}
