import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { isRecord } from "@soma/schemas/json";
import { lessThinking, parseBody } from "./cap-thinking.ts";

/** Thrown in place of sending a request that asks for more than it may, and that is signed: nobody can change it. */
export class AsksTooMuch extends Error {
  override readonly name = "AsksTooMuch";
  /** Tokens to think with, as its package has it; undefined where the model is told an effort, and no limit at all. */
  readonly thinking: number | undefined;

  constructor(thinking: number | undefined) {
    super("the request asks for more tokens than it may");
    this.thinking = thinking;
  }
}

/**
 * Refuses a request to Amazon Bedrock whose answer and thoughts together have more tokens than they may, or are not
 * bounded: Nova 2 takes no limit with a high effort, and its package leaves it out then.
 */
export function checkBedrock(body: unknown, most: number | undefined): void {
  if (most === undefined) return;
  const { inferenceConfig, additionalModelRequestFields } = parseBody(body);
  const { maxTokens } = isRecord(inferenceConfig) ? inferenceConfig : {};
  const { thinking, reasoningConfig } = isRecord(additionalModelRequestFields) ? additionalModelRequestFields : {};
  if (isRecord(reasoningConfig) && maxTokens === undefined) throw new AsksTooMuch(undefined);
  if (!isRecord(thinking) || typeof thinking.budget_tokens !== "number") return;
  if (typeof maxTokens === "number" && maxTokens > most) throw new AsksTooMuch(thinking.budget_tokens);
}

/** The options of such a request, so that its package makes one of it which asks for what it may. */
export function capBedrock(
  options: LanguageModelV4CallOptions,
  { thinking, most }: { thinking: number | undefined; most: number },
): LanguageModelV4CallOptions {
  const { providerOptions = {} } = options;
  const name = providerOptions.amazonBedrock === undefined && providerOptions.bedrock ? "bedrock" : "amazonBedrock";
  const { reasoningConfig, ...own } = providerOptions[name] ?? {};
  const config = isRecord(reasoningConfig) ? reasoningConfig : {};
  const budget = thinking === undefined ? undefined : lessThinking(thinking, most);
  const bounded = thinking === undefined ? { ...config, ...MEDIUM } : { ...config, budgetTokens: budget };
  const isOff = thinking !== undefined && budget === undefined;
  return {
    ...options,
    maxOutputTokens: most - (budget ?? 0),
    providerOptions: {
      ...providerOptions,
      [name]: { ...own, reasoningConfig: isOff ? { type: "disabled" } : bounded },
    },
  };
}

/** The most effort with which such a model takes a limit. */
const MEDIUM = { type: "enabled", maxReasoningEffort: "medium" };
