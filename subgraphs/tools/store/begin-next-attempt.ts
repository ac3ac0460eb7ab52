import type { Tx } from "@soma/shared/postgres/connect";
import type { Attempt } from "./lock-attempt.ts";

/** Gives the invocation to an executor for one more attempt, under the decision that allows it now. Needs the row's lock and the old stream's end. */
export async function beginNextAttempt(
  tx: Tx,
  { tenant, invocationId, attempt }: Attempt,
  next: { executorId: string; decisionId: string },
): Promise<void> {
  await tx`update invocation set attempt = ${attempt} + 1, executor_id = ${next.executorId}, decision_id = ${next.decisionId},
      first_frame = (select max(n) + 1 from stream_frame where tenant = ${tenant} and invocation_id = ${invocationId})
    where tenant = ${tenant} and invocation_id = ${invocationId}`;
}
