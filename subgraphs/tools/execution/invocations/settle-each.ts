import type { Log } from "@soma/shared/log";
import type { WakeUp } from "@soma/shared/wake-up";
import type { Attempt } from "../../store/lock-attempt.ts";

/**
 * Settles each of the attempts and gives how many were: one that cannot be settled now does not keep the others, and is
 * tried again in the next round.
 */
export async function settleEach(
  attempts: readonly Attempt[],
  { settle, what, wakeUp, log }: { settle(attempt: Attempt): Promise<boolean>; what: string; wakeUp: WakeUp; log: Log },
): Promise<number> {
  let settled = 0;
  for (const attempt of attempts) {
    const { tenant, invocationId, executorId } = attempt;
    const fields = { invocation_id: invocationId, tenant, executor_id: executorId };
    try {
      if (await settle(attempt)) log.warn(fields, what);
      settled += 1;
      wakeUp.changed(invocationId);
    } catch (error) {
      log.error(
        { err: error, ...fields },
        "an invocation without its executor could not be settled and is tried again",
      );
    }
  }
  return settled;
}
