import type { Sql } from "@soma/shared/postgres/connect";

interface CancelRequest {
  tenant: string;
  invocationId: string;
}

/** Invocations an executor runs and somebody wants stopped. For the worker role. */
export async function findCancelRequests(sql: Sql, { executorId }: { executorId: string }): Promise<CancelRequest[]> {
  return sql<CancelRequest[]>`select tenant, invocation_id as "invocationId" from invocation
    where executor_id = ${executorId} and status = 'RUNNING' and cancel_requested`;
}
