import { toSomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import type { Sql } from "@soma/shared/postgres/connect";
import { isDataFault } from "@soma/shared/postgres/data-fault";
import { transaction } from "@soma/shared/postgres/transaction";
import { isFinished } from "../domain/run-status.ts";
import { findNextTick } from "../domain/schedule.ts";
import { findRuns } from "../store/find-runs.ts";
import { leaseSchedules } from "../store/lease-schedules.ts";
import { lockTree } from "../store/lock-tree.ts";
import { requestCancel } from "../store/request-cancel.ts";
import { settleTick } from "../store/settle-tick.ts";
import type { ScheduleRow } from "../store/tables.ts";
import { type StartRunDeps, startRun } from "./start-run.ts";

/** How long a worker has for the ticks it took; after that another one takes them, and starts the same runs. */
const LEASE_MS = 30_000;
const AT_ONCE = 20;

/** What came of a tick. */
interface TickOutcome {
  runId: string | null;
  fault: string | null;
}

/**
 * Starts the run of each schedule whose tick has come, `deps.sql` being a pool of the worker role; true when more may be due.
 * After an outage a schedule has one tick, for all that it missed. A start that may go well later is tried again when the
 * lease ends.
 */
export async function startDueRuns(deps: StartRunDeps & { sql: Sql; log: Log }): Promise<boolean> {
  const now = deps.now();
  const due = await transaction(deps.sql, {}, (tx) => leaseSchedules(tx, { now, leaseMs: LEASE_MS, limit: AT_ONCE }));
  for (const schedule of due) {
    const { tenant, scheduleId, nextAt: tickAt } = schedule;
    if (tickAt === null) continue;
    try {
      const outcome = await startTick(deps, schedule, tickAt).catch(toFault);
      const nextAt = findNextTick(schedule, now) ?? null;
      await settleTick(deps.sql, { tenant, scheduleId, tickAt, nextAt, ...outcome });
    } catch (error) {
      deps.log.warn({ err: error, tenant, schedule_id: scheduleId }, "a schedule could not start its run yet");
    }
  }
  return due.length === AT_ONCE;
}

async function startTick(deps: StartRunDeps & { sql: Sql }, schedule: ScheduleRow, tickAt: Date): Promise<TickOutcome> {
  const { tenant, overlap, role, createdBy: subject, graph, input, modelProfile, sessionId } = schedule;
  const previous = overlap === "QUEUE" ? undefined : await findUnfinished(deps, schedule);
  if (previous !== undefined && overlap === "SKIP")
    return { runId: null, fault: `run ${previous} of an earlier time had not ended` };
  if (previous !== undefined)
    await transaction(deps.sql, { tenant }, async (tx) => {
      await lockTree(tx, { runId: previous });
      await requestCancel(tx, { runId: previous, reason: `the next time of schedule "${schedule.name}" has come` });
    });
  const run = await startRun(
    deps,
    { tenant, subject, roles: [role], service: null },
    { graph, input, role, modelProfile, sessionId, idempotencyKey: keyOf(schedule, tickAt) },
  );
  return { runId: run.runId, fault: null };
}

const keyOf = ({ scheduleId }: ScheduleRow, tickAt: Date): string => `schedule:${scheduleId}:${tickAt.toISOString()}`;

/** The run of the tick before, while it has not ended. */
async function findUnfinished({ sql }: { sql: Sql }, { tenant, lastRunId }: ScheduleRow): Promise<string | undefined> {
  if (lastRunId === null) return undefined;
  const [run] = await transaction(sql, { tenant }, (tx) => findRuns(tx, { runIds: [lastRunId] }));
  return run === undefined || isFinished(run.status) ? undefined : lastRunId;
}

/** What would fail again in the same way ends the tick, with its reason. */
function toFault(error: unknown): TickOutcome {
  const known = toSomaError(error);
  if (known.retryable || (known.code === "INTERNAL" && !isDataFault(error))) throw error;
  return { runId: null, fault: known.publicMessage };
}
