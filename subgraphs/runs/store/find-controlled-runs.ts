import type { Sql } from "@soma/shared/postgres/connect";

/** Runs of a worker that someone asked something of, with their control bits. */
export async function findControlledRuns(
  sql: Sql,
  { workerId }: { workerId: string },
): Promise<{ runId: string; control: number }[]> {
  return sql<{ runId: string; control: number }[]>`
    select run_id as "runId", control from run where worker_id = ${workerId} and status = 1 and control <> 0`;
}
