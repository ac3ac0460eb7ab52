import type { Sql } from "@soma/shared/postgres/connect";
import type { Attempt } from "./lock-attempt.ts";

/** Attempts of an executor that never ended and whose end is not written yet, at most 100. For the worker role. */
export async function listOpenAttempts(sql: Sql, { executorId }: { executorId: string }): Promise<Attempt[]> {
  return sql<
    Attempt[]
  >`select i.tenant, i.invocation_id as "invocationId", i.attempt, i.executor_id as "executorId" from invocation i
    where i.executor_id = ${executorId} and i.status = 'RUNNING' and not exists (select 1 from stream_frame f
      where f.tenant = i.tenant and f.invocation_id = i.invocation_id and f.attempt = i.attempt and f.kind = 'end')
    limit 100`;
}
