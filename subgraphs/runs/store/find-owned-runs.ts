import type { Sql } from "@soma/shared/postgres/connect";

/** A run while one worker has it; one that comes back to the same worker is another ownership. */
export interface Ownership {
  runId: string;
  epoch: number;
}

/** What the database says a worker executes. */
export async function findOwnedRuns(sql: Sql, { workerId }: { workerId: string }): Promise<Ownership[]> {
  return sql<Ownership[]>`select run_id as "runId", epoch from run where worker_id = ${workerId} and status = 1`;
}
