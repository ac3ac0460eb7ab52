import type { Log } from "@soma/shared/log";
import { type Loop, startLoop } from "@soma/shared/loop";
import type { Sql } from "@soma/shared/postgres/connect";
import type { WakeUp } from "@soma/shared/wake-up";
import { ABANDONED_AFTER_MS } from "../../domain/invocation.ts";
import { listAbandoned } from "../../store/list-abandoned.ts";
import { listUnattended } from "../../store/list-unattended.ts";
import type { ExecutorLife } from "./executor-life.ts";
import type { InvocationRunner } from "./invocation-runner.ts";
import { settleEach } from "./settle-each.ts";
import { endAbandoned, settleLostInvocation } from "./settle-lost-invocation.ts";

const INTERVAL_MS = 5_000;

export interface SweepAbandonedOptions {
  /** Pool of the worker role. */
  worker: Sql;
  life: Pick<ExecutorLife, "id">;
  runner: Pick<InvocationRunner, "isStray">;
  wakeUp: WakeUp;
  log: Log;
}

/**
 * Sees to invocations that run by the database alone. What no living process executes is given up, so that it may go on
 * at its next call; what waits for a call that does not come is ended. It is done until it is true: nothing stays
 * RUNNING because one try failed.
 */
export function startSweepAbandoned(options: SweepAbandonedOptions): Loop {
  return startLoop({ name: "tools-sweep-abandoned", intervalMs: INTERVAL_MS, log: options.log }, (looked) =>
    sweepAbandoned(options, looked),
  );
}

/** One round; true when more may wait. `looked` is called before the work begins, which may be much. */
export async function sweepAbandoned(options: SweepAbandonedOptions, looked = () => {}): Promise<boolean> {
  const { worker, life, runner, wakeUp, log } = options;
  const executorId = life.id();
  if (executorId === undefined) return false;
  const unattended = (await listUnattended(worker, { executorId })).filter(
    (attempt) => attempt.executorId !== executorId || runner.isStray(attempt),
  );
  looked();
  await settleEach(unattended, {
    settle: (attempt) => settleLostInvocation(worker, attempt),
    what: "an invocation was executed by nobody and is given up",
    wakeUp,
    log,
  });
  const abandoned = await listAbandoned(worker, { executorId, afterMs: ABANDONED_AFTER_MS });
  const ended = await settleEach(abandoned, {
    settle: (attempt) => endAbandoned(worker, attempt),
    what: "an invocation that lost its executor was not asked for again and has ended",
    wakeUp,
    log,
  });
  return ended > 0;
}
