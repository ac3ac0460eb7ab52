import type { Sql } from "@soma/shared/postgres/connect";

/** Orders to forget of all tenants that are not carried out yet; for the worker. */
export async function listOpenForgettings(
  sql: Sql,
  { limit }: { limit: number },
): Promise<{ tenant: string; forgettingId: string }[]> {
  return sql<{ tenant: string; forgettingId: string }[]>`select tenant, forgetting_id as "forgettingId" from forgetting
    where done_at is null order by tenant, forgetting_id limit ${limit}`;
}
