import type { Log } from "@soma/shared/log";
import { counter } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { isDead, LOCK_CLASS } from "@soma/shared/postgres/liveness";
import { findOtherWorkers } from "../../store/find-other-workers.ts";
import { suspectWorker } from "../../store/suspect-worker.ts";
import { takeOverWorker } from "../../store/take-over-worker.ts";

/** Two readings, so that a reconnecting worker is not robbed for a blip. */
const READINGS = 2;

const takeovers = counter("soma_worker_takeovers_total", "Workers declared dead, by what told it", ["reason"]);

/**
 * One look at the other workers: whose liveness lock is free twice in a row, or whose lease ran out, is dead, and its runs
 * become ready. Every process looks; taking over is idempotent. True when runs were taken over.
 */
export async function reap(options: { sql: Sql; workerId: string; log: Log }): Promise<boolean> {
  const { sql, log } = options;
  let freed = 0;
  for (const other of await findOtherWorkers(sql, { workerId: options.workerId })) {
    const dead = await isDead(sql, LOCK_CLASS.WORKER, other.no);
    const readings = dead ? other.suspected + 1 : 0;
    if (readings !== other.suspected) await suspectWorker(sql, { workerId: other.workerId, count: readings });
    if (readings < READINGS && !other.leaseExpired) continue;
    const runs = await takeOverWorker(sql, other);
    takeovers.inc({ reason: readings >= READINGS ? "lock_free" : "lease_expired" });
    log.warn(
      { worker_id: other.workerId, runs, readings, leaseExpired: other.leaseExpired },
      "a worker is gone; its runs are ready for others",
    );
    freed += runs;
  }
  return freed > 0;
}
