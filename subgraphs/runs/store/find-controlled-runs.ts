import type { Sql } from "@soma/shared/postgres/connect";

/** Runs of a worker that someone asked something of or sent a signal to, with their control bits and how many signals came. */
export async function findControlledRuns(
  sql: Sql,
  { workerId }: { workerId: string },
): Promise<{ runId: string; control: number; signals: number }[]> {
  return sql<{ runId: string; control: number; signals: number }[]>`
    select run_id as "runId", control, signals from run
      where worker_id = ${workerId} and status = 1 and (control <> 0 or signals > 0)`;
}
