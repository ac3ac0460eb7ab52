import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, desc, eq, inArray, isNull, or } from "drizzle-orm";
import { type RunRow, run } from "./tables.ts";

/** Runs that were forked from one, or from one that it has started, and have their contents, newest first. */
export async function listForks(
  tx: Tx,
  { tenant, runId, limit }: { tenant: string; runId: string; limit: number },
): Promise<RunRow[]> {
  const tree = queryOn(tx)
    .select({ runId: run.runId })
    .from(run)
    .where(or(eq(run.runId, runId), eq(run.rootRunId, runId)));
  return queryOn(tx)
    .select()
    .from(run)
    .where(and(eq(run.tenant, tenant), inArray(run.forkedFromRunId, tree), isNull(run.erasedAt)))
    .orderBy(desc(run.runId))
    .limit(limit);
}
