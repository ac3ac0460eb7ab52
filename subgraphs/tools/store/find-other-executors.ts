import type { Sql } from "@soma/shared/postgres/connect";

interface OtherExecutor {
  executorId: string;
  /** Number of its liveness lock. */
  no: number;
}

/**
 * Executors besides this one, oldest first. One that registered within the last minute and runs nothing is left out: it
 * may not hold its lock yet. For the worker role.
 */
export async function findOtherExecutors(sql: Sql, { executorId }: { executorId: string }): Promise<OtherExecutor[]> {
  return sql<OtherExecutor[]>`select executor_id as "executorId", no from executor e
    where executor_id <> ${executorId} and (started_at < clock_timestamp() - interval '1 minute'
      or exists (select 1 from invocation i where i.executor_id = e.executor_id and i.status = 'RUNNING'))
    order by started_at limit 100`;
}
