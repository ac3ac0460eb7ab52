/** Tokens of an answer as a server counted them; null for what cannot be true, so that nobody reckons with it. */
export function readUsage(input: unknown, output: unknown): { inputTokens: number; outputTokens: number } | null {
  if (!isCount(input) || !isCount(output ?? 0)) return null;
  return { inputTokens: input, outputTokens: Number(output ?? 0) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
