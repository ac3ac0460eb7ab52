import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, desc, eq } from "drizzle-orm";
import { type HoldRow, hold } from "./tables.ts";

/** Holds of a run, newest first, released ones too. */
export async function listHolds(
  tx: Tx,
  { tenant, runId, limit }: { tenant: string; runId: string; limit: number },
): Promise<HoldRow[]> {
  return queryOn(tx)
    .select()
    .from(hold)
    .where(and(eq(hold.tenant, tenant), eq(hold.runId, runId)))
    .orderBy(desc(hold.heldAt), desc(hold.holdId))
    .limit(limit);
}
