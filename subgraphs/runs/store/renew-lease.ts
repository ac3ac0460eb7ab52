import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "./commit-batch.ts";

/** Says that an incarnation lives and extends its lease; false when it was taken over and must stop. */
export async function renewLease(
  sql: Sql,
  { owner, leaseMs }: { owner: Incarnation; leaseMs: number },
): Promise<boolean> {
  const rows = await sql`
    update worker set heard_at = clock_timestamp(), lease_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
     where worker_id = ${owner.workerId} and gen = ${owner.gen} and state in (1, 2) returning 1`;
  return rows.length === 1;
}
