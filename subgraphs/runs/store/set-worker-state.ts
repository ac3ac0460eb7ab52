import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "./commit-batch.ts";

export const WORKER_STATE = { LIVE: 1, DRAINING: 2, DEAD: 3 } as const;

export async function setWorkerState(sql: Sql, { owner, state }: { owner: Incarnation; state: number }): Promise<void> {
  await sql`update worker set state = ${state} where worker_id = ${owner.workerId} and gen = ${owner.gen} and state <> 3`;
}
