import type { SpendingLimit, TenantBudgets } from "@soma/conf/budgets";

/** What is counted of calls; money in millionths of the currency. */
export interface Amounts {
  money: number;
  tokens: number;
  modelCalls: number;
  toolCalls: number;
}
/** What calls came to. */
export interface Used {
  money: number;
  inputTokens: number;
  /** Of those, what providers had kept from earlier prompts. */
  cachedTokens: number;
  outputTokens: number;
  modelCalls: number;
  toolCalls: number;
}

export type Measure = keyof Amounts;
export const MEASURES = ["money", "tokens", "modelCalls", "toolCalls"] as const satisfies readonly Measure[];

export type BudgetScope = "tenant" | "role" | "agent" | "run";

/** Whose budget it is; of a run the caller need not know the name: it is the first run of its tree. */
export interface BudgetKey {
  scope: BudgetScope;
  /** Of the role or the agent; empty of a tenant. */
  name: string;
  /** Of each day by UTC, or of all days. */
  daily: boolean;
}

/** The limits of a budget, as whole numbers; a measure that is left out has none. */
export type BudgetLimit = BudgetKey & Partial<Amounts>;

const MILLIONTHS = 1_000_000;

/** Money of a setting as a whole number of millionths. */
export function toMillionths(money: number): number {
  return Math.round(money * MILLIONTHS);
}

/** An amount as people write it. */
export function showAmount(measure: Measure, amount: number): string {
  if (measure !== "money") return String(amount);
  const digits = String(Math.abs(amount)).padStart(7, "0");
  const cents = digits.slice(-6).replace(/0{1,4}$/, "");
  return `${amount < 0 ? "-" : ""}${digits.slice(0, -6)}.${cents}`;
}

/** Every budget of a tenant that has a limit; of the roles and agents that are named, or of all of them. */
export function limitsOf(budgets: TenantBudgets, only?: { role: string; agent: string }): BudgetLimit[] {
  const { day, total, run, roles = {}, agents = {} } = budgets;
  const named = (scope: BudgetScope, all: typeof roles, name: string | undefined): BudgetLimit[] =>
    Object.entries(all)
      .filter(([each]) => name === undefined || each === name)
      .flatMap(([each, spans]) => [
        ...limit({ scope, name: each, daily: true }, spans.day),
        ...limit({ scope, name: each, daily: false }, spans.total),
      ]);
  return [
    ...limit({ scope: "tenant", name: "", daily: true }, day),
    ...limit({ scope: "tenant", name: "", daily: false }, total),
    ...named("role", roles, only?.role),
    ...named("agent", agents, only?.agent),
    ...limit({ scope: "run", name: "", daily: false }, run),
  ];
}

function limit(key: BudgetKey, said: (SpendingLimit & { seconds?: number }) | undefined): BudgetLimit[] {
  if (said === undefined) return [];
  const { seconds: _ofTime, money, ...counts } = said;
  const most = { ...counts, ...(money === undefined ? {} : { money: toMillionths(money) }) };
  return Object.keys(most).length === 0 ? [] : [{ ...key, ...most }];
}

/** Whose budget it is, in words. */
export function describeBudget({ scope, name, daily }: BudgetKey): string {
  const whose = { tenant: "the tenant", role: `the role ${name}`, agent: `the agent ${name}`, run: "the run" }[scope];
  return daily ? `${whose} for today` : whose;
}

const WORDS: Record<Measure, string> = {
  money: "money",
  tokens: "tokens",
  modelCalls: "calls of models",
  toolCalls: "calls of tools",
};

export function describeMeasure(measure: Measure): string {
  return WORDS[measure];
}
