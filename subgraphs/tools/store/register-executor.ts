import type { Sql } from "@soma/shared/postgres/connect";

/** Registers one life of a tools process; gives the number of its liveness lock. For the worker role. */
export async function registerExecutor(sql: Sql, { executorId }: { executorId: string }): Promise<number> {
  const [row] = await sql<{ no: number }[]>`insert into executor (executor_id) values (${executorId}) returning no`;
  if (row === undefined) throw new Error(`executor ${executorId} was not registered`);
  return row.no;
}
