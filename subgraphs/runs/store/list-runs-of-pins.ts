import type { Sql } from "@soma/shared/postgres/connect";
import type { MayReferRow } from "./find-values.ts";
import { type StandingRun, standingColumns, toStanding } from "./standing-runs.ts";

/**
 * Runs that nobody has and that have not ended, pinned to one of these graphs (name@version#hash), in the order of
 * their ids.
 */
export async function listRunsOfPins(
  sql: Sql,
  { pins, afterRunId, limit }: { pins: readonly string[]; afterRunId: string; limit: number },
): Promise<StandingRun[]> {
  const rows = await sql<(StandingRun & MayReferRow)[]>`
    select ${standingColumns(sql)} from run r
     where r.status in (0, 2, 3, 4) and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (${[...pins]}::text[])
       and r.run_id > ${afterRunId}
     order by r.run_id limit ${limit}`;
  return toStanding(sql, rows);
}
