import type { Tx } from "@soma/shared/postgres/connect";
import { invocationColumns } from "./invocation-columns.ts";
import type { InvocationRow } from "./tables.ts";

interface FindStepInvocationsParams {
  tenant: string;
  stepIds: readonly string[];
}

/** The newest invocation of each step; steps that have none are left out. */
export async function findStepInvocations(
  tx: Tx,
  { tenant, stepIds }: FindStepInvocationsParams,
): Promise<InvocationRow[]> {
  return tx<InvocationRow[]>`select distinct on (step_id) ${invocationColumns(tx)} from invocation
    where tenant = ${tenant} and step_id = any (${[...stepIds]}::text[])
    order by step_id, started_at desc`;
}
