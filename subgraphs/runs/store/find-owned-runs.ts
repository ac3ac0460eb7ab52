import type { Sql } from "@soma/shared/postgres/connect";

/** Runs the database says a worker executes. */
export async function findOwnedRuns(sql: Sql, { workerId }: { workerId: string }): Promise<string[]> {
  const rows = await sql<
    { runId: string }[]
  >`select run_id as "runId" from run where worker_id = ${workerId} and status = 1`;
  return rows.map(({ runId }) => runId);
}
