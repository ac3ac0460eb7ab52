import type { Sql } from "@soma/shared/postgres/connect";

/** Number of the executor's liveness lock; undefined when it was cleared away, hence is dead. For the worker role. */
export async function findExecutor(sql: Sql, { executorId }: { executorId: string }): Promise<number | undefined> {
  const [row] = await sql<{ no: number }[]>`select no from executor where executor_id = ${executorId}`;
  return row?.no;
}
