import type { Sql } from "@soma/shared/postgres/connect";
import type { Attempt } from "./lock-attempt.ts";

interface ListAbandonedParams {
  /** Who looks. */
  executorId: string;
  afterMs: number;
}

/**
 * Attempts without an executor that nobody wants any more: somebody asked to stop them, or nobody asked for them again for
 * so long. That time only counts while the one who looks lives too: after a pause of everything, callers come back first.
 * Longest lost first, at most 100. For the worker role.
 */
export async function listAbandoned(sql: Sql, { executorId, afterMs }: ListAbandonedParams): Promise<Attempt[]> {
  const after = sql`make_interval(secs => ${afterMs / 1_000})`;
  return sql<
    Attempt[]
  >`select tenant, invocation_id as "invocationId", attempt, executor_id as "executorId" from invocation
    where status = 'RUNNING' and lost_at is not null and (cancel_requested or (lost_at < clock_timestamp() - ${after}
      and exists (select 1 from executor where executor_id = ${executorId} and started_at < clock_timestamp() - ${after})))
    order by lost_at limit 100`;
}
