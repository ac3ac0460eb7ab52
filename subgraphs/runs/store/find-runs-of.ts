import type { Sql } from "@soma/shared/postgres/connect";
import type { HeldRun } from "../domain/worker-death.ts";

export type { HeldRun };

/** What a worker executes, and how far each run is: 200 at most, those that began first. */
export async function findRunsOf(sql: Sql, { workerId }: { workerId: string }): Promise<HeldRun[]> {
  return sql<HeldRun[]>`
    select r.run_id as "runId", r.tenant, r.epoch, j.seq as "headSeq", encode(j.hash, 'hex') as "headHash"
      from run r cross join lateral (select seq, hash from journal x where x.run_id = r.run_id order by x.seq desc limit 1) j
     where r.worker_id = ${workerId} and r.status = 1 order by r.run_id limit 200`;
}
