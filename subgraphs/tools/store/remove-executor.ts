import type { Sql } from "@soma/shared/postgres/connect";

/** Clears a dead executor away. For the worker role. */
export async function removeExecutor(sql: Sql, { executorId }: { executorId: string }): Promise<void> {
  await sql`delete from executor where executor_id = ${executorId}`;
}
