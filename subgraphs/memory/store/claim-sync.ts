import type { Sql } from "@soma/shared/postgres/connect";

/** Takes or keeps the lease on bringing memories to SomaBrain; false while it is another's. */
export async function claimSync(sql: Sql, { owner, leaseS }: { owner: string; leaseS: number }): Promise<boolean> {
  const rows =
    await sql`update brain_sync set owner = ${owner}, expires_at = clock_timestamp() + make_interval(secs => ${leaseS})
    where owner = ${owner} or expires_at < clock_timestamp() returning 1`;
  return rows.length > 0;
}

/** Gives it back, so that another need not wait for it to run out. */
export async function releaseSync(sql: Sql, { owner }: { owner: string }): Promise<void> {
  await sql`update brain_sync set owner = null, expires_at = '-infinity' where owner = ${owner}`;
}
