import type { Sql } from "@soma/shared/postgres/connect";

/** Runs of a worker that someone asked to cancel, with the reason given. */
export async function findControlledRuns(sql: Sql, workerId: string): Promise<{ runId: string; control: number; reason: string | null }[]> {
  return sql<{ runId: string; control: number; reason: string | null }[]>`
    select run_id as "runId", control, cancel_reason as reason from run where worker_id = ${workerId} and status = 1 and control <> 0`;
}
