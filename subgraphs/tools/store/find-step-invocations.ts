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
  return tx<InvocationRow[]>`select newest.* from unnest(${[...stepIds]}::text[]) as asked (id)
    cross join lateral (select ${invocationColumns(tx)} from invocation
      where tenant = ${tenant} and step_id = asked.id order by started_at desc limit 1) newest`;
}
