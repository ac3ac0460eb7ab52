import type { Sql } from "@soma/shared/postgres/connect";
import type { Ownership } from "./find-owned-runs.ts";

/** A run that somebody asked something of or sent a signal to. */
export interface ControlledRun extends Ownership {
  /** Control bits. */
  control: number;
  /** How many came. */
  signals: number;
}

/** Those of a worker. */
export async function findControlledRuns(sql: Sql, { workerId }: { workerId: string }): Promise<ControlledRun[]> {
  return sql<ControlledRun[]>`
    select run_id as "runId", epoch, control, signals from run
      where worker_id = ${workerId} and status = 1 and (control <> 0 or signals > 0)`;
}
