import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, asc, eq, getTableColumns, inArray, lte, sql } from "drizzle-orm";
import { type InvocationRow, invocation } from "./tables.ts";

/** Invocations of each run, oldest first, at most `limit` of each. */
export async function listRunInvocations(
  tx: Tx,
  tenant: string,
  runIds: readonly string[],
  limit: number,
): Promise<InvocationRow[]> {
  const place = sql<number>`row_number() over (partition by ${invocation.runId} order by ${invocation.startedAt}, ${invocation.invocationId})`;
  const placed = queryOn(tx)
    .select({ ...getTableColumns(invocation), place: place.as("place") })
    .from(invocation)
    .where(and(eq(invocation.tenant, tenant), inArray(invocation.runId, [...runIds])))
    .as("placed");
  return queryOn(tx).select().from(placed).where(lte(placed.place, limit)).orderBy(asc(placed.place));
}
