import { SomaError } from "@soma/shared/errors";
import { type BudgetKey, describeBudget, describeMeasure, type Measure, showAmount } from "./spending.ts";

/** A budget that a call does not fit into any more. */
export interface SpentBudget extends BudgetKey {
  measure: Measure;
  /** The limit, and what is spent of it. */
  most: number;
  spent: number;
  /** What the call would have come to at least. */
  want: number;
  /** Until the day is over, by the clock that says which day it is: the database's. */
  dayLeftMs: number;
}

/** A call was not made, since a budget has too little left for it. */
export class BudgetSpent extends SomaError {
  readonly budget: SpentBudget;
  /** Whether the run waits until somebody raises it, and who may: a role. Undefined where it ends. */
  readonly raisedBy: string | undefined;

  constructor(budget: SpentBudget, { currency, raisedBy }: { currency: string; raisedBy: string | undefined }) {
    super("BUDGET_EXCEEDED", describeSpent(budget, currency));
    this.name = "BudgetSpent";
    this.budget = budget;
    this.raisedBy = raisedBy;
  }
}

function describeSpent(budget: SpentBudget, currency: string): string {
  const { measure, most, spent, want } = budget;
  const show = (amount: number): string => showAmount(measure, amount);
  const unit = measure === "money" ? ` ${currency}` : "";
  return (
    `the budget of ${describeBudget(budget)} is spent: ${show(spent)} of ${show(most)}${unit} of ${describeMeasure(measure)}, ` +
    `and the next call may take ${show(want)}`
  );
}

/** By how much it is proposed to be raised: by as much again, or what the call needs. */
export function proposedRaise({ most, spent, want }: SpentBudget): number {
  return Math.max(most, spent + want - most);
}

/**
 * When a budget of a day begins anew, by the clock that counts the wait: it may not agree with the database's about the
 * time, nor about the day. Undefined for one of all days.
 */
export function resetsAt({ daily, dayLeftMs }: Pick<SpentBudget, "daily" | "dayLeftMs">, now: Date): Date | undefined {
  return daily ? new Date(now.getTime() + dayLeftMs) : undefined;
}
