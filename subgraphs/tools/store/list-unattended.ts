import type { Sql } from "@soma/shared/postgres/connect";
import type { Attempt } from "./lock-attempt.ts";

/**
 * Attempts that this executor owns, which it knows to run or not, and those of executors that are no longer registered: a
 * claim may be committed after its maker was given up. At most 500. For the worker role.
 */
export async function listUnattended(sql: Sql, { executorId }: { executorId: string }): Promise<Attempt[]> {
  return sql<
    Attempt[]
  >`select i.tenant, i.invocation_id as "invocationId", i.attempt, i.executor_id as "executorId" from invocation i
    where i.status = 'RUNNING' and i.lost_at is null and (i.executor_id = ${executorId}
      or not exists (select 1 from executor e where e.executor_id = i.executor_id))
    limit 500`;
}
