import type { Sql } from "@soma/shared/postgres/connect";
import { type StandingRun, standingColumns } from "./standing-runs.ts";

/** Runs that nobody has and that have not ended, pinned to one of these graphs (name@version#hash), in the order of their ids. */
export function listRunsOfPins(
  sql: Sql,
  { pins, afterRunId, limit }: { pins: readonly string[]; afterRunId: string; limit: number },
): Promise<StandingRun[]> {
  return sql<StandingRun[]>`
    select ${standingColumns(sql)} from run r
     where r.status in (0, 2, 3, 4) and r.graph || '@' || r.graph_version || '#' || r.graph_hash = any (${[...pins]}::text[])
       and r.run_id > ${afterRunId}
     order by r.run_id limit ${limit}`;
}
