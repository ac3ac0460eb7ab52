import type { Sql } from "@soma/shared/postgres/connect";

/** Has a request that could not be answered yet looked at again after a while. */
export async function postponeRequest(
  sql: Sql,
  { tenant, invocationId, afterMs }: { tenant: string; invocationId: string; afterMs: number },
): Promise<void> {
  await sql`update tool_request set due_at = clock_timestamp() + ${afterMs} * interval '1 millisecond'
    where tenant = ${tenant} and invocation_id = ${invocationId}`;
}
