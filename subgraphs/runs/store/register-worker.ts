import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "./commit-batch.ts";

/** A new incarnation; a process never takes up an old one's row. `leaseMs` runs by the database's clock. */
export async function registerWorker(
  sql: Sql,
  params: { workerId: string; slots: number; build: string; leaseMs: number },
): Promise<Incarnation> {
  const [row] = await sql<{ no: number; gen: number }[]>`
    insert into worker (worker_id, slots, build, lease_until)
    values (${params.workerId}, ${params.slots}, ${params.build}, clock_timestamp() + ${params.leaseMs} * interval '1 millisecond')
    returning no, gen`;
  if (row === undefined) throw new Error("the worker could not be registered");
  return { workerId: params.workerId, ...row };
}
