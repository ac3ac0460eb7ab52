import type { Tx } from "@soma/shared/postgres/connect";
import { invocationColumns } from "./invocation-columns.ts";
import type { InvocationRow } from "./tables.ts";

interface FindInvocationsParams {
  tenant: string;
  invocationIds: readonly string[];
}

/** Invocations of a tenant by id, in no order; ids that are not found are left out. */
export async function findInvocations(
  tx: Tx,
  { tenant, invocationIds }: FindInvocationsParams,
): Promise<InvocationRow[]> {
  return tx<InvocationRow[]>`select ${invocationColumns(tx)} from invocation
    where tenant = ${tenant} and invocation_id = any (${[...invocationIds]}::uuid[])`;
}
