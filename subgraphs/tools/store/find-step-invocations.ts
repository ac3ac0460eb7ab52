import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, asc, desc, eq, inArray } from "drizzle-orm";
import { type InvocationRow, invocation } from "./tables.ts";

/** The newest invocation of each step; steps that have none are left out. */
export async function findStepInvocations(
  tx: Tx,
  tenant: string,
  stepIds: readonly string[],
): Promise<InvocationRow[]> {
  return queryOn(tx)
    .selectDistinctOn([invocation.stepId])
    .from(invocation)
    .where(and(eq(invocation.tenant, tenant), inArray(invocation.stepId, [...stepIds])))
    .orderBy(asc(invocation.stepId), desc(invocation.startedAt));
}
