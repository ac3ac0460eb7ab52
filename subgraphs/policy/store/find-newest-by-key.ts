import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, desc, eq } from "drizzle-orm";
import { type DecisionRow, decision } from "./tables.ts";

/** The newest decision under an idempotency key. */
export async function findNewestByKey(tx: Tx, tenant: string, idemKey: string): Promise<DecisionRow | undefined> {
  const [row] = await queryOn(tx)
    .select()
    .from(decision)
    .where(and(eq(decision.tenant, tenant), eq(decision.idemKey, idemKey)))
    .orderBy(desc(decision.decisionId))
    .limit(1);
  return row;
}
