import type { Tx } from "@soma/shared/postgres/connect";
import { listRuns } from "./list-runs.ts";
import type { RunRow } from "./tables.ts";

/** Runs of the sessions that each of these goes on from, each of before it does, newest first; by session. */
export async function listEarlierRuns(
  tx: Tx,
  { tenant, sessionIds, limit }: { tenant: string; sessionIds: readonly string[]; limit: number },
): Promise<Map<string, RunRow[]>> {
  // Of a chain of forks only those parts are read in which something was said.
  const parts = await tx<{ of: string; sessionId: string; beforeRunId: string }[]>`
    select o.id as of, p.session_id as "sessionId", p.before_run_id as "beforeRunId"
      from unnest(${[...sessionIds]}::uuid[]) o(id) cross join lateral session_lineage(${tenant}, o.id) p
     where p.session_id <> o.id
       and exists (select from run r where r.tenant = ${tenant} and r.session_id = p.session_id and r.run_id < p.before_run_id)
     order by p.before_run_id desc`;
  const found = new Map<string, RunRow[]>();
  for (const part of parts) {
    const rows = found.get(part.of) ?? [];
    if (rows.length === limit) continue;
    const page = { olderThan: part.beforeRunId, oldestFirst: false, limit: limit - rows.length };
    found.set(part.of, [...rows, ...(await listRuns(tx, { tenant, sessionId: part.sessionId, ...page }))]);
  }
  return found;
}
