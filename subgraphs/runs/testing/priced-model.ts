import { type BudgetsConf, loadBudgets, type TenantBudgets } from "@soma/conf/budgets";
import type { ChatEvent, ChatRequest, ModelClient, ModelTerms, ModelUsage } from "@soma/sdk/model-client";
import type { StepServices, ToolsPort } from "@soma/sdk/services";
import type { Sql } from "@soma/shared/postgres/connect";
import type { ConnectedServices } from "../engine/execute/run-context.ts";
import { meteredModel } from "../models/budget/metered-model.ts";
import { meteredTools } from "../models/budget/metered-tools.ts";
import { createSpenders } from "../models/budget/spender.ts";

/** A model that costs a millionth for each token, and what it does when it is asked. */
export interface PricedModel {
  client: ModelClient;
  asked: ChatRequest[];
  /** Settable by a test. */
  answer(request: ChatRequest): AsyncIterable<ChatEvent>;
}

export const A_MILLIONTH: ModelTerms = {
  price: { inputPerMillion: 1, outputPerMillion: 1, currency: "USD" },
  maxOutputTokens: 1_000,
};

/** One that says hello and that it used so much. */
export function createPricedModel(
  usage: ModelUsage | null = { inputTokens: 400, outputTokens: 100 },
  terms: ModelTerms = A_MILLIONTH,
): PricedModel {
  const model: PricedModel = {
    asked: [],
    async *answer() {
      yield { type: "text", delta: "hello" };
      yield { type: "finish", reason: "stop", usage };
    },
    client: {
      ...{ profile: "priced", provider: "test", model: "m", isAi: true, terms },
      chat(request) {
        model.asked.push(request);
        return model.answer(request);
      },
    },
  };
  return model;
}

/** Budgets of every tenant. */
export function budgetsWith(all: TenantBudgets, settings: Partial<BudgetsConf> = {}): BudgetsConf {
  return { ...loadBudgets(), default: all, ...settings };
}

/** Services whose calls are counted; `sqlOf` gives a pool of the worker role once there is one. */
export function countedServices(
  { client }: PricedModel,
  sqlOf: () => Sql,
  conf: BudgetsConf,
  tools = {} as ToolsPort,
): ConnectedServices {
  let spenderOf: ReturnType<typeof createSpenders> | undefined;
  return (binding) => {
    spenderOf ??= createSpenders({ sql: sqlOf(), conf });
    const spender = spenderOf(binding);
    return { model: async () => meteredModel(client, spender), tools: meteredTools(tools, spender) } as StepServices;
  };
}
