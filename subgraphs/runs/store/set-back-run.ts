import type { Sql } from "@soma/shared/postgres/connect";
import type { Incarnation } from "./commit-batch.ts";
import type { Ownership } from "./find-owned-runs.ts";

/** Hands a run back that could not go on; it waits before it is tried again, longer each time. */
export async function setBackRun(
  sql: Sql,
  { owner, run: { runId, epoch } }: { owner: Incarnation; run: Ownership },
): Promise<void> {
  await sql`select set_back_run(${owner.no}::int, ${owner.workerId}::uuid, ${runId}::uuid, ${epoch}::int)`;
}
