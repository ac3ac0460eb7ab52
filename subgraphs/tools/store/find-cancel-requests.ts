import type { Sql } from "@soma/shared/postgres/connect";

/** Invocations an executor runs and somebody wants stopped. For the worker role. */
export async function findCancelRequests(
  sql: Sql,
  executorId: string,
): Promise<{ tenant: string; invocationId: string }[]> {
  return sql<{ tenant: string; invocationId: string }[]>`select tenant, invocation_id as "invocationId" from invocation
    where executor_id = ${executorId} and status = 'RUNNING' and cancel_requested`;
}
