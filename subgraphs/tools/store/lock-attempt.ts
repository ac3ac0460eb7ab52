import type { Tx } from "@soma/shared/postgres/connect";

export interface Attempt {
  tenant: string;
  invocationId: string;
  attempt: number;
  executorId: string;
}

interface LockedAttempt {
  effect: string;
  /** Executors that ran it, without those that gave it back. */
  lives: number;
  cancelRequested: boolean;
}

/**
 * Locks the invocation's row until the transaction ends; undefined when the attempt has ended or belongs to another
 * executor.
 */
export async function lockAttempt(
  tx: Tx,
  { tenant, invocationId, attempt, executorId }: Attempt,
): Promise<LockedAttempt | undefined> {
  const [row] = await tx<
    LockedAttempt[]
  >`select effect, attempt - given_back as lives, cancel_requested as "cancelRequested" from invocation
    where tenant = ${tenant} and invocation_id = ${invocationId} and attempt = ${attempt} and executor_id = ${executorId}
      and status = 'RUNNING'
    for update`;
  return row;
}
