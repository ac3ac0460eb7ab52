import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, eq, inArray } from "drizzle-orm";
import { type ErasureRow, erasure } from "./tables.ts";

const { tenant, runId, reason, erasedBy, erasedAt, doneAt } = erasure;

/** Erasures of these runs; that of a run that another one started is told by the first of its tree. */
export async function findErasures(
  tx: Tx,
  params: { tenant: string; runIds: readonly string[] },
): Promise<ErasureRow[]> {
  return queryOn(tx)
    .select({ tenant, runId, reason, erasedBy, erasedAt, doneAt })
    .from(erasure)
    .where(and(eq(tenant, params.tenant), inArray(runId, [...params.runIds])));
}
