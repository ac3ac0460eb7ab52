import { type BudgetsConf, budgetsOf } from "@soma/conf/budgets";
import { SomaError } from "@soma/shared/errors";
import type { RequestContext } from "@soma/shared/graphql/context";
import { parsePage, toConnection } from "@soma/shared/graphql/page";
import { isStorableText } from "@soma/shared/json";
import type { Sql } from "@soma/shared/postgres/connect";
import { transaction } from "@soma/shared/postgres/transaction";
import type { WakeUp } from "@soma/shared/wake-up";
import { raiseBudget } from "../commands/raise-budget.ts";
import { WORK_WAITS } from "../domain/hints.ts";
import { type BudgetLimit, limitsOf, MEASURES, type Measure, showAmount, type Used } from "../domain/spending.ts";
import type { GraphRegistry } from "../engine/graphs/graph-registry.ts";
import { type BudgetStanding, listBudgets } from "../store/list-budgets.ts";
import { listUsage, USAGE_BY } from "../store/list-usage.ts";
import type { Budget, MutationResolvers, QueryResolvers, RunResolvers, SessionResolvers } from "./generated.ts";
import { loadersOf } from "./loaders.ts";

interface BudgetDeps {
  /** A pool of the request role. */
  sql: Sql;
  budgets: BudgetsConf;
  graphs: GraphRegistry;
  wakeUp: WakeUp;
}

interface BudgetFields {
  Query: Pick<QueryResolvers, "budgets" | "usage">;
  Mutation: Pick<MutationResolvers, "raiseBudget">;
  Run: Pick<RunResolvers, "usage">;
  Session: Pick<SessionResolvers, "usage">;
}

const PAGE = { default: 100, max: 200 };
const DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

const MEASURE_OF = { MONEY: "money", TOKENS: "tokens", MODEL_CALLS: "modelCalls", TOOL_CALLS: "toolCalls" } as const;
const NAME_OF = { money: "MONEY", tokens: "TOKENS", modelCalls: "MODEL_CALLS", toolCalls: "TOOL_CALLS" } as const;
const SCOPE_OF = { TENANT: "tenant", ROLE: "role", AGENT: "agent", RUN: "run" } as const;
const SCOPE_NAME = { tenant: "TENANT", role: "ROLE", agent: "AGENT", run: "RUN" } as const;

/** What may be spent and was. */
export function budgetResolvers(deps: BudgetDeps): BudgetFields {
  const { sql, budgets } = deps;
  return {
    Query: {
      budgets: (_parent, _args, context) => budgetsNow(deps, context),
      async usage(_parent, { by, since, ...args }, { principal: { tenant } }) {
        const column = USAGE_BY.find((each) => each.toUpperCase() === (by ?? "DAY")) ?? "day";
        const page = parsePage(args, PAGE, (cursor) => (isStorableText(cursor) ? cursor.slice(1) : undefined));
        const params = { ...page, tenant, by: column, since: parseDay(since), limit: page.limit + 1 };
        const rows = await transaction(sql, { tenant }, (tx) => listUsage(tx, params));
        const nodes = rows.map((row) => ({ key: row.key, ...toUsage(row, budgets) }));
        return toConnection(nodes, page, ({ key }) => `=${key}`);
      },
    },
    Mutation: {
      async raiseBudget(_parent, { input }, { principal }) {
        const { scope, span, measure } = input;
        const named = { scope: SCOPE_OF[scope], daily: span === "DAY", measure: MEASURE_OF[measure] };
        const runs = await raiseBudget(deps, principal, { ...input, ...named });
        deps.wakeUp.changed(WORK_WAITS);
        return { runs };
      },
    },
    Run: {
      async usage({ runId }, _args, context) {
        const sum = await loadersOf(sql, context).usage.load(runId);
        return sum === undefined ? null : toUsage(sum, budgets);
      },
    },
    Session: {
      async usage({ sessionId }, _args, context) {
        const sum = await loadersOf(sql, context).sessionUsage.load(sessionId);
        return sum === undefined ? null : toUsage(sum, budgets);
      },
    },
  };
}

function parseDay(since: string | null | undefined): string | undefined {
  if (since === null || since === undefined) return undefined;
  if (DAY.test(since) && !Number.isNaN(Date.parse(since))) return since;
  throw new SomaError("BAD_INPUT", `since is "${since.slice(0, 40)}"; write a day as 2026-11-27`);
}

function toUsage({ money, inputTokens, cachedTokens, outputTokens, modelCalls, toolCalls }: Used, conf: BudgetsConf) {
  const counts = { inputTokens, cachedTokens, outputTokens, modelCalls, toolCalls };
  return { cost: showAmount("money", money), currency: conf.currency, ...counts };
}

/** A run's limits are told by what it asks. */
async function budgetsNow({ sql, budgets, graphs }: BudgetDeps, context: RequestContext): Promise<Budget[]> {
  const { tenant } = context.principal;
  const { standings, dayEndsAt } = await transaction(sql, { tenant }, (tx) => listBudgets(tx, { tenant }));
  const agents = new Set(graphs.list().map(({ name }) => name));
  return limitsOf(budgetsOf(budgets, tenant))
    .filter(({ scope }) => scope !== "run")
    .flatMap((limit) => {
      const { scope, name, daily } = limit;
      const standing = standings.find((each) => each.scope === scope && each.name === name && each.daily === daily);
      const isKnown = scope !== "agent" || agents.has(name);
      const resets = daily ? dayEndsAt.toISOString() : null;
      return MEASURES.flatMap((measure) => {
        const most = limit[measure];
        return most === undefined ? [] : [toBudget({ limit, measure, most, standing, isKnown, resets, budgets })];
      });
    });
}

interface ToBudgetParams {
  limit: BudgetLimit;
  measure: Measure;
  most: number;
  standing: BudgetStanding | undefined;
  isKnown: boolean;
  resets: string | null;
  budgets: BudgetsConf;
}

function toBudget({ limit, measure, most, standing, isKnown, resets, budgets }: ToBudgetParams): Budget {
  const show = (amount = 0): string => showAmount(measure, amount);
  return {
    scope: SCOPE_NAME[limit.scope],
    name: limit.name === "" ? null : limit.name,
    isKnown,
    span: limit.daily ? "DAY" : "TOTAL",
    measure: NAME_OF[measure],
    currency: measure === "money" ? budgets.currency : null,
    limit: show(most + (standing?.raised[measure] ?? 0)),
    spent: show(standing?.spent[measure]),
    reserved: show(standing?.reserved[measure]),
    resetsAt: resets,
  };
}
