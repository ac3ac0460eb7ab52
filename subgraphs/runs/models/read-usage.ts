import type { ModelUsage } from "@soma/sdk/model-client";

/** Tokens of an answer as a server counted them; null for what cannot be true, so that nobody reckons with it. */
export function readUsage(input: unknown, output: unknown, cached?: unknown): ModelUsage | null {
  if (!isCount(input) || !isCount(output ?? 0)) return null;
  const usage = { inputTokens: input, outputTokens: Number(output ?? 0) };
  return isCount(cached) && cached <= input ? { ...usage, cachedInputTokens: cached } : usage;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
