import type { Tx } from "@soma/shared/postgres/connect";
import type { BudgetRaise } from "../domain/budget-raise.ts";

export interface RaiseParams extends BudgetRaise {
  tenant: string;
  reason: string;
  raisedBy: string;
  /** Raised once under each key. */
  idemKey: string;
}

/** When a budget was raised. */
export interface Raised {
  at: Date;
  /** False when that was done under this key before. */
  isNew: boolean;
}

/** Raises a budget, of today where it is one of each day; undefined when something else was raised under this key. */
export async function raiseBudget(tx: Tx, params: RaiseParams): Promise<Raised | undefined> {
  const { tenant, scope, name, daily, measure, raise, reason, raisedBy, idemKey } = params;
  const by = (each: string): number => (each === measure ? raise : 0);
  const amount = tx`row(${by("money")}::bigint, ${by("tokens")}::bigint, ${by("modelCalls")}::bigint, ${by("toolCalls")}::bigint)::amounts`;
  const day = daily ? tx`(clock_timestamp() at time zone 'UTC')::date` : tx`'-infinity'::date`;
  const [raised] = await tx<{ day: string; at: Date }[]>`
    insert into budget_raise (tenant, idem_key, scope, name, day, amount, reason, raised_by)
    values (${tenant}, ${idemKey}, ${scope}, ${name}, ${day}, ${amount}, ${reason}, ${raisedBy}) on conflict do nothing
    returning day::text as day, raised_at as at`;
  if (raised === undefined) {
    const [before] = await tx<{ at: Date }[]>`
      select raised_at as at from budget_raise where tenant = ${tenant} and idem_key = ${idemKey} and scope = ${scope} and name = ${name}
        and isfinite(day) = ${daily} and amount = ${amount} and reason = ${reason}`;
    return before === undefined ? undefined : { at: before.at, isNew: false };
  }
  await tx`
    insert into budget as b (tenant, scope, name, day, raised) values (${tenant}, ${scope}, ${name}, ${raised.day}::text::date, ${amount})
    on conflict (tenant, scope, name, day) do update set raised = plus(b.raised, excluded.raised)`;
  return { at: raised.at, isNew: true };
}
