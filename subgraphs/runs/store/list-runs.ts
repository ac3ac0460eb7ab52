import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, asc, desc, eq, gt, inArray, lt } from "drizzle-orm";
import { type RunRow, run } from "./tables.ts";

export interface ListRunsParams {
  tenant: string;
  statusCodes?: readonly number[] | undefined;
  sessionId?: string | undefined;
  graph?: string | undefined;
  /** Only runs older than this one, and only runs newer than that one. */
  olderThan?: string | undefined;
  newerThan?: string | undefined;
  /** From the oldest on instead of from the newest. */
  oldestFirst: boolean;
  limit: number;
}

/** Runs, newest first unless asked otherwise: their ids sort by time. */
export async function listRuns(tx: Tx, params: ListRunsParams): Promise<RunRow[]> {
  const { tenant, statusCodes, sessionId, graph, olderThan, newerThan } = params;
  return queryOn(tx)
    .select()
    .from(run)
    .where(
      and(
        eq(run.tenant, tenant),
        statusCodes === undefined ? undefined : inArray(run.status, [...statusCodes]),
        sessionId === undefined ? undefined : eq(run.sessionId, sessionId),
        graph === undefined ? undefined : eq(run.graph, graph),
        olderThan === undefined ? undefined : lt(run.runId, olderThan),
        newerThan === undefined ? undefined : gt(run.runId, newerThan),
      ),
    )
    .orderBy(params.oldestFirst ? asc(run.runId) : desc(run.runId))
    .limit(params.limit);
}
