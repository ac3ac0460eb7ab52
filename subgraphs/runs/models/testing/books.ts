import { loadBudgets } from "@soma/conf/budgets";
import { BudgetSpent } from "../../domain/budget-spent.ts";
import type { Used } from "../../domain/spending.ts";
import type { Reserved } from "../../store/reserve-budget.ts";
import type { CallToReserve, Spender } from "../budget/spender.ts";

const OK = { verdict: "OK", capped: true } as const;

/**
 * A spender that gives these answers to reservations in their order, then OK; what was asked for and settled is noted.
 */
export function aSpender(...answers: Exclude<Reserved, { verdict: "FENCED" }>[]) {
  const asked: CallToReserve[] = [];
  const settled: [string, Used][] = [];
  const spender: Spender = {
    conf: loadBudgets(),
    nextCall: () => "1.1",
    reserve: async (call) => answers[asked.push(call) - 1] ?? OK,
    settle: async (call, used) => void settled.push([call, used]),
    spent: (refusal, want) =>
      new BudgetSpent({ ...refusal, want: want.money }, { currency: "USD", raisedBy: undefined }),
  };
  return { spender, asked, settled };
}
