import type { Tx } from "@soma/shared/postgres/connect";
import { listRuns } from "./list-runs.ts";
import type { RunRow } from "./tables.ts";

/** Runs of the sessions that one goes on from, each of before it does, newest first. */
export async function listEarlierRuns(
  tx: Tx,
  { tenant, sessionId, limit }: { tenant: string; sessionId: string; limit: number },
): Promise<RunRow[]> {
  const parts = await tx<{ sessionId: string; beforeRunId: string }[]>`
    select session_id as "sessionId", before_run_id as "beforeRunId" from session_lineage(${tenant}, ${sessionId})
     where session_id <> ${sessionId} order by before_run_id desc`;
  const rows: RunRow[] = [];
  for (const part of parts) {
    if (rows.length === limit) break;
    const page = { olderThan: part.beforeRunId, oldestFirst: false, limit: limit - rows.length };
    rows.push(...(await listRuns(tx, { tenant, sessionId: part.sessionId, ...page })));
  }
  return rows;
}
