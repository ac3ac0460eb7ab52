import type { Sql } from "../../postgres/connect.ts";

/** Gives the buckets back, so that another relay need not wait for the leases to run out. */
export async function releaseBuckets(sql: Sql, { owner }: { owner: string }): Promise<void> {
  await sql`update outbox_lease set owner = null, expires_at = '-infinity' where owner = ${owner}`;
}
