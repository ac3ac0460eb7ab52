import type { Sql } from "@soma/shared/postgres/connect";

/** Takes away a request that is answered. False when it was gone. */
export async function deleteRequest(
  sql: Sql,
  { tenant, invocationId }: { tenant: string; invocationId: string },
): Promise<boolean> {
  const { count } = await sql`delete from tool_request where tenant = ${tenant} and invocation_id = ${invocationId}`;
  return count === 1;
}
