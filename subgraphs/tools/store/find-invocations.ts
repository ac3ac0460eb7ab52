import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, eq, inArray } from "drizzle-orm";
import { type InvocationRow, invocation } from "./tables.ts";

/** Invocations of a tenant by id, in no order; ids that are not found are left out. */
export async function findInvocations(tx: Tx, tenant: string, ids: readonly string[]): Promise<InvocationRow[]> {
  return queryOn(tx)
    .select()
    .from(invocation)
    .where(and(eq(invocation.tenant, tenant), inArray(invocation.invocationId, [...ids])));
}
