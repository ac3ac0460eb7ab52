import type { Sql } from "../../postgres/connect.ts";

/**
 * Takes the buckets that are free, and extends those that are held and have `renewAtS` seconds left: an idle relay writes
 * nothing in between. The epoch grows with each new owner.
 */
export async function claimBuckets(
  sql: Sql,
  { owner, leaseS, renewAtS }: { owner: string; leaseS: number; renewAtS: number },
): Promise<void> {
  await sql`update outbox_lease set owner = ${owner}, expires_at = clock_timestamp() + make_interval(secs => ${leaseS}),
    epoch = epoch + case when owner is distinct from ${owner} then 1 else 0 end
    where (owner = ${owner} and expires_at < clock_timestamp() + make_interval(secs => ${renewAtS})) or expires_at < clock_timestamp()`;
}
