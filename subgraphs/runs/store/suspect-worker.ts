import type { Sql } from "@soma/shared/postgres/connect";

/** Counts a reading that found a worker's liveness lock free; `count` 0 clears it. */
export async function suspectWorker(sql: Sql, { workerId, count }: { workerId: string; count: number }): Promise<void> {
  await sql`update worker set suspected = ${count} where worker_id = ${workerId}`;
}
