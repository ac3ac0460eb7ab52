import type { Sql } from "@soma/shared/postgres/connect";
import type { MayReferRow } from "./find-values.ts";
import { type StandingRun, standingColumns, toStanding } from "./standing-runs.ts";

/** Runs of every tenant that have not ended, or that have, newest first. */
export async function listStandingRuns(
  sql: Sql,
  { isOpen, beforeRunId, limit }: { isOpen: boolean; beforeRunId: string; limit: number },
): Promise<StandingRun[]> {
  const rows = await sql<(StandingRun & MayReferRow)[]>`
    select ${standingColumns(sql)} from run r
     where r.run_id < ${beforeRunId} and ${isOpen ? sql`r.status < 10` : sql`r.status >= 10`}
     order by r.run_id desc limit ${limit}`;
  return toStanding(sql, rows);
}
