import { setTimeout as sleep } from "node:timers/promises";
import { isOutage } from "@soma/sdk/retries";
import { backoffMs } from "@soma/shared/backoff";
import { toSomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "../../store/commit-batch.ts";
import { findOwnedRuns, type Ownership } from "../../store/find-owned-runs.ts";
import { releaseRuns } from "../../store/release-runs.ts";
import { setBackRun } from "../../store/set-back-run.ts";
import { setWorkerState, WORKER_STATE } from "../../store/set-worker-state.ts";

/** Together about four seconds; a stop has no more time for a database that is away. */
const ATTEMPTS = 6;
const RETRY = { initialMs: 100, maxMs: 2_000 };

/**
 * Lets go of a worker's runs that are not excepted, so that others take them at once and blame nobody; how many there
 * were.
 */
export async function giveBack(
  sql: Sql,
  owner: Incarnation,
  except: (run: Ownership) => boolean = () => false,
): Promise<number> {
  const runs = (await findOwnedRuns(sql, owner)).filter((run) => !except(run));
  return runs.length === 0 ? 0 : releaseRuns(sql, { owner, runs });
}

/**
 * Lets go of a run that could not go on, unless it was claimed anew since. What is away for all is no fault of the run;
 * one that fails by itself is not to be claimed again at once.
 */
export async function handBack(
  sql: Sql,
  { owner, run, error }: { owner: Incarnation; run: Ownership; error: unknown },
): Promise<void> {
  if (isOutage(toSomaError(error).code)) await releaseRuns(sql, { owner, runs: [run] });
  else await setBackRun(sql, { owner, run });
}

/**
 * Ends what a worker has in the database: it claims no more, its runs are ready for others, and nobody has to take over
 * from it. Tried until it is true or the time of a stop is over; false says that the worker still owes it.
 */
export async function settleWorker({ sql, owner, log }: { sql: Sql; owner: Incarnation; log: Log }): Promise<boolean> {
  for (let failures = 1; failures <= ATTEMPTS; failures += 1) {
    try {
      await setWorkerState(sql, { owner, state: WORKER_STATE.DRAINING });
      // Takes the worker's fence, so that a claim whose answer was lost is over before it is asked what there is.
      await releaseRuns(sql, { owner, runs: [] });
      const runs = await giveBack(sql, owner);
      if (runs > 0) log.info({ runs }, "runs were handed back and go on elsewhere or at the next start");
      await setWorkerState(sql, { owner, state: WORKER_STATE.DEAD });
      return true;
    } catch (error) {
      log.warn({ err: error, failures }, "a worker that ends could not hand its runs back yet");
      if (failures < ATTEMPTS) await sleep(backoffMs(RETRY, failures));
    }
  }
  return false;
}
