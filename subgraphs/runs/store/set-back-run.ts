import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "./commit-batch.ts";

/** Hands a run back that could not go on; it waits before it is tried again, longer each time. */
export async function setBackRun(sql: Sql, { owner, runId }: { owner: Incarnation; runId: string }): Promise<void> {
  await sql`select set_back_run(${owner.no}::int, ${owner.workerId}::uuid, ${runId}::uuid)`;
}
