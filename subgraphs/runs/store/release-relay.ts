import type { Sql } from "@soma/shared/postgres/connect";

/** Lets the next process take the relay at once. */
export async function releaseRelay(sql: Sql, { owner }: { owner: string }): Promise<void> {
  await sql`update relay_cursor set owner = null, expires_at = '-infinity' where owner = ${owner}`;
}
