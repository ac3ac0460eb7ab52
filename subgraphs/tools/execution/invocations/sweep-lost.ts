import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import type { Sql } from "@soma/shared/postgres/connect";
import { isDead, LOCK_CLASS } from "@soma/shared/postgres/liveness";
import type { WakeUp } from "@soma/shared/wake-up";
import { findOtherExecutors } from "../../store/find-other-executors.ts";
import { listOpenAttempts } from "../../store/list-open-attempts.ts";
import { removeExecutor } from "../../store/remove-executor.ts";
import type { ExecutorLife } from "./executor-life.ts";
import { settleEach } from "./settle-each.ts";
import { settleLostInvocation } from "./settle-lost-invocation.ts";

export interface SweepOptions {
  /** Pool of the worker role. */
  worker: Sql;
  life: Pick<ExecutorLife, "id">;
  wakeUp: WakeUp;
  log: Log;
  intervalMs?: number;
}

/**
 * Ends the streams of executors that died, so that whoever watches learns of it without anyone calling again, and clears
 * the executors away. What may run again waits for its next call.
 */
export function startSweep(options: SweepOptions): Loop {
  return startLoop({ name: "tools-sweep", intervalMs: options.intervalMs ?? 1_000, log: options.log }, (looked) =>
    sweepLost(options, looked),
  );
}

/** One round; true when more may wait. `looked` is called before the work begins, which may be much. */
async function sweepLost({ worker, life, wakeUp, log }: SweepOptions, looked: () => void): Promise<boolean> {
  const id = life.id();
  if (id === undefined) return false;
  let more = false;
  const others = await findOtherExecutors(worker, { executorId: id });
  looked();
  for (const { executorId, no } of others) {
    if (!(await isDead(worker, LOCK_CLASS.EXECUTOR, no))) continue;
    const attempts = await listOpenAttempts(worker, { executorId });
    const settled = await settleEach(attempts, {
      settle: (attempt) => settleLostInvocation(worker, attempt),
      what: "an invocation lost its executor",
      wakeUp,
      log,
    });
    if (attempts.length === 0) await removeExecutor(worker, { executorId });
    else if (settled > 0) more = true;
  }
  return more;
}
