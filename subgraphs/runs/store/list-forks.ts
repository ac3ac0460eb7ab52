import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, desc, eq, isNull } from "drizzle-orm";
import { type RunRow, run } from "./tables.ts";

/** Runs that were forked from one and have their contents, newest first. */
export async function listForks(
  tx: Tx,
  { tenant, runId, limit }: { tenant: string; runId: string; limit: number },
): Promise<RunRow[]> {
  return queryOn(tx)
    .select()
    .from(run)
    .where(and(eq(run.tenant, tenant), eq(run.forkedFromRunId, runId), isNull(run.erasedAt)))
    .orderBy(desc(run.runId))
    .limit(limit);
}
