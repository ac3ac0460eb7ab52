import type { Sql } from "@soma/shared/postgres/connect";

export interface OtherWorker {
  workerId: string;
  no: number;
  suspected: number;
  leaseExpired: boolean;
}

/** Incarnations other than this one that are not known to be dead. */
export async function findOtherWorkers(sql: Sql, { workerId }: { workerId: string }): Promise<OtherWorker[]> {
  return sql<OtherWorker[]>`
    select worker_id as "workerId", no, suspected, lease_until < clock_timestamp() as "leaseExpired"
      from worker where state in (1, 2) and worker_id <> ${workerId} order by no limit 200`;
}
