import type { Sql } from "@soma/shared/postgres/connect";
import { LOCK_CLASS } from "@soma/shared/postgres/liveness";
import type { SeenWorker } from "../domain/judge-workers.ts";

/**
 * The incarnations that are not known to be dead, at one instant: this one, if it is among them, and 200 others at
 * most. A lock is tried shared, so that those who look at the same time are not in each other's way, and let go as the
 * statement ends.
 */
export async function lookAtWorkers(sql: Sql, { workerId }: { workerId: string }): Promise<SeenWorker[]> {
  return sql<SeenWorker[]>`
    with seen as materialized (
      (select * from worker where worker_id = ${workerId} and state in (1, 2))
      union all (select * from worker where worker_id <> ${workerId} and state in (1, 2) order by no limit 200))
    select worker_id as "workerId", no, pg_try_advisory_xact_lock_shared(${LOCK_CLASS.WORKER}::int, no) as "isLockFree",
        lease_until < clock_timestamp() as "isLeaseOver", heard_at::text as "heardAt", (extract(epoch from clock_timestamp() - heard_at) * 1000)::float8 as "silentMs"
      from seen`;
}
