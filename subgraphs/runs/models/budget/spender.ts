import { setTimeout as sleep } from "node:timers/promises";
import { type BudgetsConf, budgetsOf } from "@soma/conf/budgets";
import { backoffMs } from "@soma/shared/backoff";
import { SomaError } from "@soma/shared/errors";
import { counter } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { statement } from "@soma/shared/postgres/statement";
import { LRUCache } from "lru-cache";
import { BudgetSpent } from "../../domain/budget-spent.ts";
import { type Amounts, limitsOf, type Used } from "../../domain/spending.ts";
import type { ServiceBinding } from "../../engine/execute/run-context.ts";
import { type BudgetRefusal, type Reserved, reserveBudget, type SpendingCall } from "../../store/reserve-budget.ts";
import { settleBudget } from "../../store/settle-budget.ts";
import { sweepBudget } from "../../store/sweep-budget.ts";

const refusals = counter("soma_budget_refusals_total", "Calls that a budget had nothing left for", [
  "scope",
  "measure",
]);

const TENANTS = 10_000;
const SWEPT_MS = 1_000;

/** Between tries to write what a call came to, while the database is away. */
const SETTLE_BACKOFF = { initialMs: 100, maxMs: 2_000 };

/** Reserves for the calls of one attempt of a step, and settles them. */
export interface Spender {
  readonly conf: BudgetsConf;
  /** Key of the next call of this attempt. */
  nextCall(): string;
  /**
   * Reserved for, or what is in the way when the call never fits. Throws BUDGET_BUSY while it only does not fit beside
   * calls under way: what they do not use comes back.
   */
  reserve(call: CallToReserve): Promise<Answer>;
  /** Written before it returns, or left to the sweep when the run is not this process's any more. */
  settle(call: string, used: Used): Promise<void>;
  spent(refusal: BudgetRefusal, want: Amounts): BudgetSpent;
}

export interface CallToReserve {
  call: string;
  profile: string;
  want: Amounts;
  isPriced: boolean;
}

type Answer = Exclude<Reserved, { verdict: "FENCED" }>;

interface SpendersOptions {
  /** A pool of the worker role. */
  sql: Sql;
  conf: BudgetsConf;
}

/** Spenders of a process. A crowd that is refused at once sweeps once for its tenant, and not again within a second. */
export function createSpenders({ sql, conf }: SpendersOptions): (binding: ServiceBinding) => Spender {
  const swept = new LRUCache<string, true>({ max: TENANTS, ttl: SWEPT_MS });
  const sweep = async (tenant: string): Promise<number> => {
    if (swept.has(tenant)) return 0;
    swept.set(tenant, true);
    return statement(sql, (tx) => sweepBudget(tx, { tenant }));
  };
  return (binding) => createSpender({ sql, conf, sweep }, binding);
}

function createSpender(
  { sql, conf, sweep }: SpendersOptions & { sweep(tenant: string): Promise<number> },
  { run, step, call: attempt, signal }: ServiceBinding,
): Spender {
  const { tenant, runId, epoch, role, graph } = run;
  const limits = limitsOf(budgetsOf(conf, tenant), { role, agent: graph });
  let calls = 0;

  async function ask({ call, profile, want, isPriced }: CallToReserve): Promise<Answer> {
    const spending: SpendingCall = { tenant, runId, epoch, step, call, profile };
    const answer = await statement(sql, (tx) => reserveBudget(tx, { ...spending, limits, want, isPriced }));
    if (answer.verdict === "FENCED") throw new SomaError("FENCED", `run ${runId} is not this worker's any more`);
    return answer as Answer;
  }

  return {
    conf,
    nextCall() {
      calls += 1;
      return `${epoch}.${attempt}.${calls}`;
    },
    async reserve(params) {
      const first = await ask(params);
      if (first.verdict !== "BUSY") return first;
      // What is in the way may be held for a process that died.
      const again = (await sweep(tenant)) > 0 ? await ask(params) : first;
      if (again.verdict !== "BUSY") return again;
      throw new SomaError("BUDGET_BUSY", "what is left of a budget is reserved for calls under way; it is tried again");
    },
    async settle(call, used) {
      for (let failures = 1; ; failures += 1) {
        try {
          await statement(sql, (tx) => settleBudget(tx, { tenant, runId, call, used }));
          return;
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof SomaError)) throw error;
          await sleep(backoffMs(SETTLE_BACKOFF, failures), undefined, { signal }).catch(() => {});
        }
      }
    },
    spent(refusal, want) {
      const { scope, measure } = refusal;
      refusals.inc({ scope, measure });
      const raisedBy = conf.whenSpent === "park" ? conf.raisedBy : undefined;
      return new BudgetSpent({ ...refusal, want: want[measure] }, { currency: conf.currency, raisedBy });
    },
  };
}
