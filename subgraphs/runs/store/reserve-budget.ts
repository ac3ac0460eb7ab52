import type { Tx } from "@soma/shared/postgres/connect";
import type { Amounts, BudgetLimit, BudgetScope, Measure } from "../domain/spending.ts";

/** A call of a run that this ownership of it makes. */
export interface SpendingCall {
  tenant: string;
  runId: string;
  epoch: number;
  step: number;
  /** The same call has the same key, and is reserved and counted once. */
  call: string;
  /** Profile of the model; empty for a tool. */
  profile: string;
}

/**
 * What is in the way of a call, and what would be left of money and tokens if nothing was reserved; null without a
 * limit.
 */
export interface BudgetRefusal {
  verdict: "BUSY" | "EXCEEDED";
  scope: BudgetScope;
  name: string;
  daily: boolean;
  measure: Measure;
  most: number;
  spent: number;
  reserved: number;
  leftMoney: number | null;
  leftTokens: number | null;
  /** Until the day is over on which it was asked. */
  dayLeftMs: number;
}

/** Capped where anything limits the tokens or the money of the call. */
export type Reserved =
  | { verdict: "OK"; capped: boolean }
  | { verdict: "FENCED" }
  | { verdict: "UNPRICED" }
  | BudgetRefusal;

/**
 * Reserves the most that a call can come to, in every budget it falls under or in none; one statement that is a
 * transaction by itself. A call is `isPriced` when its money is known.
 */
export async function reserveBudget(
  tx: Tx,
  params: SpendingCall & { limits: readonly BudgetLimit[]; want: Amounts; isPriced: boolean },
): Promise<Reserved> {
  const { tenant, runId, epoch, step, call, profile, limits, want, isPriced } = params;
  const [row] = await tx<Reserved[]>`
    select verdict, capped, scope, name, daily, measure, most::float8 as most, spent::float8 as spent, reserved::float8 as reserved,
        left_money::float8 as "leftMoney", left_tokens::float8 as "leftTokens",
        -- of when it was asked: if midnight came meanwhile, the wait is over at once and not in a day
        ceil(1000 * extract(epoch from (statement_timestamp() at time zone 'UTC')::date + 1 - (statement_timestamp() at time zone 'UTC')))::float8 as "dayLeftMs"
      from reserve_budget(${tenant}, ${runId}, ${epoch}::int, ${step}::int, ${call}, ${profile}, ${JSON.stringify(limits)}::text::jsonb, ${isPriced}::boolean,
        ${want.money}::bigint, ${want.tokens}::bigint, ${want.modelCalls}::bigint, ${want.toolCalls}::bigint)`;
  if (row === undefined) throw new Error("reserve_budget gives one row");
  return row;
}
