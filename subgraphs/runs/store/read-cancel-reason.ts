import type { Sql } from "@soma/shared/postgres/connect";

/** Why someone asked to cancel a run; empty when no reason was given. */
export async function readCancelReason(sql: Sql, { runId }: { runId: string }): Promise<string> {
  const [row] = await sql<{ reason: string | null }[]>`select cancel_reason as reason from run where run_id = ${runId}`;
  return row?.reason ?? "";
}
