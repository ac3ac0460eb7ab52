import type { Sql } from "@soma/shared/postgres/connect";

/** Runs whose contents are to go and are not all gone yet. */
export async function listOpenErasures(
  sql: Sql,
  { limit }: { limit: number },
): Promise<{ tenant: string; runId: string }[]> {
  return sql<{ tenant: string; runId: string }[]>`
    select tenant, run_id as "runId" from erasure where done_at is null order by tenant, run_id limit ${limit}`;
}
