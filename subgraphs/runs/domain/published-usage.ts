import type { AgentRunEvent, AgentStepEvent } from "@soma/schemas/events";
import { isRecord, type Json } from "@soma/schemas/json";
import { showAmount, type Used } from "./spending.ts";

/** What the calls of a run came to, and in which currency. */
export interface RunUsage extends Used {
  currency: string;
}

/** As the event that ends a run tells it; undefined of a run that made no call. */
export function toRunUsage(usage: RunUsage | undefined): AgentRunEvent["usage"] {
  if (usage === undefined || usage.modelCalls + usage.toolCalls === 0) return undefined;
  return {
    input_tokens: usage.inputTokens,
    cached_tokens: usage.cachedTokens,
    output_tokens: usage.outputTokens,
    model_calls: usage.modelCalls,
    tool_calls: usage.toolCalls,
    cost: showAmount("money", usage.money),
    currency: usage.currency,
  };
}

const COST = /^(\d{1,12}\.\d{2,6}) ([A-Z]{3})$/;

/** Kinds of steps that ask a model. */
const ASKING: ReadonlySet<string | null> = new Set(["model", "embedding"]);

/** What the answer of a model used, as the output of its step says it; undefined where that says nothing. */
export function toStepUsage(nodeType: string | null, output: Json): AgentStepEvent["usage"] {
  if (!ASKING.has(nodeType) || !isRecord(output) || !isRecord(output.usage)) return undefined;
  const { inputTokens: input, cachedInputTokens: cached, outputTokens, cost } = output.usage;
  if (!isCount(input) || !isCount(outputTokens)) return undefined;
  const [, amount, currency] = (typeof cost === "string" ? COST.exec(cost) : null) ?? [];
  return {
    input_tokens: input,
    ...(isCount(cached) ? { cached_tokens: cached } : {}),
    output_tokens: outputTokens,
    ...(amount === undefined || currency === undefined ? {} : { cost: amount, currency }),
  };
}

/** A step's author may write any output. */
function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
