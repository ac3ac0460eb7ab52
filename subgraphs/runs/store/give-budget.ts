import type { Tx } from "@soma/shared/postgres/connect";
import type { Amounts } from "../domain/spending.ts";

/**
 * Limits that a run has of its own, beside those of its tenant. Written before it begins, so that it makes no call
 * without them.
 */
export async function giveBudget(
  tx: Tx,
  { tenant, runId, own }: { tenant: string; runId: string; own: Partial<Amounts> },
): Promise<void> {
  const { money = null, tokens = null, modelCalls = null, toolCalls = null } = own;
  await tx`
    insert into budget (tenant, scope, name, own) values (${tenant}, 'run', ${runId},
      row(${money}::bigint, ${tokens}::bigint, ${modelCalls}::bigint, ${toolCalls}::bigint)::amounts)`;
}
