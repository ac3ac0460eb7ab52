import type { Log } from "@soma/shared/log";
import { counter } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { judgeWorkers } from "../../domain/judge-workers.ts";
import { lookAtWorkers } from "../../store/look-at-workers.ts";
import { takeOverWorker } from "../../store/take-over-worker.ts";

/** A look that is older says nothing: whoever looks stood still itself meanwhile. */
const STALE_MS = 1_000;

const takeovers = counter("soma_worker_takeovers_total", "Workers declared dead, by what told it", ["reason"]);

export interface Look {
  /** How many runs became ready for others. */
  freed: number;
  /** When to look again, if that is sooner than usual. */
  againMs: number | undefined;
}

/**
 * Looks at the other workers and takes over from those that are dead. Every process looks; taking over is idempotent.
 */
export function createReaper(options: { sql: Sql; workerId: string; log: Log }): { look(): Promise<Look> } {
  const { sql, workerId, log } = options;
  let doubted: ReadonlySet<string> = new Set();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    async look() {
      const seen = await lookAtWorkers(sql, { workerId });
      const isStale = performance.now() - lookedAt > STALE_MS;
      const judgement = judgeWorkers(seen, { workerId, doubted: isStale ? new Set() : doubted });
      ({ doubted } = judgement);
      lookedAt = performance.now();
      let freed = 0;
      for (const { worker, reason } of judgement.dead) {
        const runs = await takeOverWorker(sql, worker);
        if (runs === undefined) continue;
        takeovers.inc({ reason });
        log.warn(
          { worker_id: worker.workerId, runs, reason, silentMs: Math.round(worker.silentMs) },
          "a worker is gone; its runs are ready for others",
        );
        freed += runs;
      }
      return { freed, againMs: judgement.againMs };
    },
  };
}
