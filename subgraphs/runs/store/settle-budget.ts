import type { Tx } from "@soma/shared/postgres/connect";
import type { Used } from "../domain/spending.ts";

/**
 * Spends what a call came to in place of what was reserved for it; false when that was done, or given back. One
 * statement.
 */
export async function settleBudget(
  tx: Tx,
  { tenant, runId, call, used }: { tenant: string; runId: string; call: string; used: Used },
): Promise<boolean> {
  const [row] = await tx<{ settled: boolean }[]>`
    select settle_budget(${tenant}, ${runId}, ${call}, ${used.money}::bigint, ${used.inputTokens}::bigint, ${used.cachedTokens}::bigint,
      ${used.outputTokens}::bigint, ${used.modelCalls}::bigint, ${used.toolCalls}::bigint) as settled`;
  return row?.settled ?? false;
}
