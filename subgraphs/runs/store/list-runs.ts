import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, desc, eq, inArray, lt } from "drizzle-orm";
import { type RunRow, run } from "./tables.ts";

export interface ListRunsParams {
  tenant: string;
  statusCodes?: readonly number[] | undefined;
  sessionId?: string | undefined;
  graph?: string | undefined;
  /** Only runs older than this one. */
  before?: string | undefined;
  limit: number;
}

/** Runs, newest first: their ids sort by time. */
export async function listRuns(tx: Tx, params: ListRunsParams): Promise<RunRow[]> {
  return queryOn(tx)
    .select()
    .from(run)
    .where(
      and(
        eq(run.tenant, params.tenant),
        params.statusCodes === undefined ? undefined : inArray(run.status, [...params.statusCodes]),
        params.sessionId === undefined ? undefined : eq(run.sessionId, params.sessionId),
        params.graph === undefined ? undefined : eq(run.graph, params.graph),
        params.before === undefined ? undefined : lt(run.runId, params.before),
      ),
    )
    .orderBy(desc(run.runId))
    .limit(params.limit);
}
