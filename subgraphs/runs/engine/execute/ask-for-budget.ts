import type { Parked, Wake } from "@soma/sdk/node";
import { type BudgetSpent, proposedRaise, resetsAt } from "../../domain/budget-spent.ts";
import { showAmount } from "../../domain/spending.ts";
import type { StepStopped } from "./halt.ts";

/**
 * What a step waits for whose call does not fit into a budget: that somebody raises it, or that it begins anew.
 * Undefined where the run ends instead.
 */
export function askForBudget({ budget, raisedBy, message }: BudgetSpent, now: Date): Parked | undefined {
  if (raisedBy === undefined) return undefined;
  const { scope, name, daily, measure } = budget;
  const raise = proposedRaise(budget);
  const until = resetsAt(budget, now);
  return {
    summary: message,
    ...(until === undefined ? {} : { parkedUntil: until }),
    parkedForApproval: {
      question: `${message}. Raise it by ${showAmount(measure, raise)}?`,
      details: { budget: { scope, name, daily, measure, raise } },
      role: raisedBy,
    },
  };
}

/** Why a step ends that had asked for more; undefined when it is tried again. */
export function refusedBudget(woke: Wake): StepStopped["error"] | undefined {
  if (woke.by !== "DECISION" || woke.approved) return undefined;
  const why = woke.comment === null ? "" : `: ${woke.comment}`;
  return { code: "BUDGET_EXCEEDED", message: `${woke.decidedBy} did not raise the budget${why}` };
}
