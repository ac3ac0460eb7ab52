import { isRecord } from "@soma/schemas/json";

/** Tokens that Anthropic wants a model to think with, if it is to think at all. */
const LEAST_THINKING = 1_024;

/**
 * A request to Anthropic whose answer has no more tokens than it may have, thoughts included: its package asks for the
 * tokens of the answer and for those of the thoughts together, so that a budget or a profile would bound only a part.
 * Thoughts get at most half; where that is too little, the model answers without them. Any other request stays.
 */
export function capThinking(body: unknown, most: number | undefined): unknown {
  if (most === undefined || typeof body !== "string") return body;
  const asked = parse(body);
  if (!isRecord(asked) || typeof asked.max_tokens !== "number" || asked.max_tokens <= most) return body;
  const { thinking, ...rest } = asked;
  if (!isRecord(thinking) || typeof thinking.budget_tokens !== "number") return body;
  const budget = Math.min(thinking.budget_tokens, Math.floor(most / 2));
  const kept = budget < LEAST_THINKING ? {} : { thinking: { ...thinking, budget_tokens: budget } };
  return JSON.stringify({ ...rest, max_tokens: most, ...kept });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
