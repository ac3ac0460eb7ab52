import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { isRecord } from "@soma/schemas/json";
import { lessThinking, parseBody } from "./cap-thinking.ts";

/** Thrown in place of sending a request that asks for more than it may, and that is signed: nobody can change it. */
export class AsksTooMuch extends Error {
  override readonly name = "AsksTooMuch";
  /** Tokens to think with, as its package has it. */
  readonly thinking: number;

  constructor(thinking: number) {
    super("the request asks for more tokens than it may");
    this.thinking = thinking;
  }
}

/** Refuses a request to Amazon Bedrock whose answer and thoughts together have more tokens than they may. */
export function checkBedrock(body: unknown, most: number | undefined): void {
  if (most === undefined) return;
  const { inferenceConfig, additionalModelRequestFields } = parseBody(body);
  const { maxTokens } = isRecord(inferenceConfig) ? inferenceConfig : {};
  const { thinking } = isRecord(additionalModelRequestFields) ? additionalModelRequestFields : {};
  if (!isRecord(thinking) || typeof thinking.budget_tokens !== "number") return;
  if (typeof maxTokens === "number" && maxTokens > most) throw new AsksTooMuch(thinking.budget_tokens);
}

/** The options of such a request, so that its package makes one of it which asks for what it may. */
export function capBedrock(
  options: LanguageModelV4CallOptions,
  { thinking, most }: { thinking: number; most: number },
): LanguageModelV4CallOptions {
  const budget = lessThinking(thinking, most);
  const { providerOptions = {} } = options;
  const name = providerOptions.amazonBedrock === undefined && providerOptions.bedrock ? "bedrock" : "amazonBedrock";
  const { reasoningConfig, ...own } = providerOptions[name] ?? {};
  const config = isRecord(reasoningConfig) ? reasoningConfig : {};
  const capped = budget === undefined ? { type: "disabled" } : { ...config, budgetTokens: budget };
  return {
    ...options,
    maxOutputTokens: most - (budget ?? 0),
    providerOptions: { ...providerOptions, [name]: { ...own, reasoningConfig: capped } },
  };
}
