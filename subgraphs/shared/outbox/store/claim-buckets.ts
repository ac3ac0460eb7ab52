import type { Sql } from "../../postgres/connect.ts";

/** Takes the buckets that are free and extends those that are held; the epoch grows with each new owner. */
export async function claimBuckets(sql: Sql, { owner, leaseS }: { owner: string; leaseS: number }): Promise<void> {
  await sql`update outbox_lease set owner = ${owner}, expires_at = clock_timestamp() + make_interval(secs => ${leaseS}),
    epoch = epoch + case when owner is distinct from ${owner} then 1 else 0 end
    where owner = ${owner} or expires_at < clock_timestamp()`;
}
