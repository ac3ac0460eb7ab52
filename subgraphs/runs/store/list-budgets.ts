import type { Tx } from "@soma/shared/postgres/connect";
import type { Amounts, BudgetKey } from "../domain/spending.ts";

/** Where a budget stands; a measure it has no limit for is counted, too. */
export interface BudgetStanding extends BudgetKey {
  spent: Amounts;
  reserved: Amounts;
  raised: Amounts;
}

/**
 * The budgets of a tenant, its roles and its agents that anything was counted of, today and of all days, and when the
 * day is over: by the database's clock.
 */
export async function listBudgets(
  tx: Tx,
  { tenant }: { tenant: string },
): Promise<{ dayEndsAt: Date; standings: BudgetStanding[] }> {
  const amounts = (of: string) =>
    tx.unsafe(
      `jsonb_build_object('money', (${of}).money, 'tokens', (${of}).tokens, 'modelCalls', (${of}).model_calls, 'toolCalls', (${of}).tool_calls)`,
    );
  const [row] = await tx<{ dayEndsAt: Date; standings: BudgetStanding[] }[]>`
    select (c.today + 1)::timestamp at time zone 'UTC' as "dayEndsAt", coalesce(s.standings, '[]') as standings
      from (select (statement_timestamp() at time zone 'UTC')::date as today) c
      cross join lateral (select jsonb_agg(jsonb_build_object('scope', scope, 'name', name, 'daily', isfinite(day),
          'spent', ${amounts("spent")}, 'reserved', ${amounts("reserved")}, 'raised', ${amounts("raised")})) as standings
        from budget where tenant = ${tenant} and scope <> 'run' and day in ('-infinity', c.today)) s`;
  if (row === undefined) throw new Error("listBudgets() gives one row");
  return row;
}
