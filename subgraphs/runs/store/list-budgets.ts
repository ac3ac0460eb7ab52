import type { Tx } from "@soma/shared/postgres/connect";
import type { Amounts, BudgetKey } from "../domain/spending.ts";

/** Where a budget stands; a measure it has no limit for is counted, too. */
export interface BudgetStanding extends BudgetKey {
  spent: Amounts;
  reserved: Amounts;
  raised: Amounts;
}

/** The budgets of a tenant, its roles and its agents that anything was counted of, today and of all days. */
export function listBudgets(tx: Tx, { tenant }: { tenant: string }): Promise<BudgetStanding[]> {
  const amounts = (of: string) =>
    tx.unsafe(
      `jsonb_build_object('money', (${of}).money, 'tokens', (${of}).tokens, 'modelCalls', (${of}).model_calls, 'toolCalls', (${of}).tool_calls)`,
    );
  return tx<BudgetStanding[]>`
    select scope, name, isfinite(day) as daily, ${amounts("spent")} as spent, ${amounts("reserved")} as reserved, ${amounts("raised")} as raised
      from budget
     where tenant = ${tenant} and scope <> 'run' and day in ('-infinity', (clock_timestamp() at time zone 'UTC')::date)`;
}
