import { type BudgetsConf, budgetsOf } from "@soma/conf/budgets";
import { SomaError } from "@soma/shared/errors";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import { parseAmount } from "../domain/budget-raise.ts";
import type { Amounts } from "../domain/spending.ts";
import { giveBudget } from "../store/give-budget.ts";

/** What a run is to cost at most, beside what its tenant may spend. */
export interface RunBudget {
  /** As it was written, such as 0.50. */
  money?: string | null | undefined;
  tokens?: number | null | undefined;
  modelCalls?: number | null | undefined;
  toolCalls?: number | null | undefined;
  seconds?: number | null | undefined;
}

/** Limits of runs that are started. */
export interface RunBudgets {
  /** How long a run may take: what its graph says, its tenant and itself, whichever is least. */
  timeoutMs(tenant: string, graphMs: number, budget: RunBudget | undefined): number;
  /** Writes the limits of a run; before it begins. */
  give(run: { tenant: string; runId: string }, budget: RunBudget | undefined): Promise<void>;
}

export function createRunBudgets({ sql, conf }: { sql: Sql; conf: BudgetsConf }): RunBudgets {
  return {
    timeoutMs(tenant, graphMs, budget) {
      const seconds = [budgetsOf(conf, tenant).run?.seconds, budget?.seconds ?? undefined];
      return Math.min(graphMs, ...seconds.flatMap((each) => (each === undefined ? [] : [each * 1_000])));
    },
    async give({ tenant, runId }, budget) {
      const own = toLimits(budget ?? {});
      if (Object.keys(own).length > 0)
        await transaction(sql, { tenant }, (tx) => giveBudget(tx, { tenant, runId, own }));
    },
  };
}

/** The limits as whole numbers. Throws BAD_INPUT. */
function toLimits({ money, seconds, ...counts }: RunBudget): Partial<Amounts> {
  if (typeof seconds === "number" && seconds < 1)
    throw new SomaError("BAD_INPUT", `a run cannot end within ${seconds} seconds; give it 1 or more`);
  const own: Partial<Amounts> = typeof money === "string" ? { money: parseAmount("money", money) } : {};
  for (const measure of ["tokens", "modelCalls", "toolCalls"] as const) {
    const most = counts[measure];
    if (typeof most !== "number") continue;
    if (most < 0) throw new SomaError("BAD_INPUT", `the budget has ${most} ${measure}; it needs 0 or more`);
    own[measure] = most;
  }
  return own;
}
