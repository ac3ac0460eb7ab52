import { isRecord } from "@soma/schemas/json";

/** Tokens that Anthropic wants a model to think with, if it is to think at all. */
const LEAST_THINKING = 1_024;

/**
 * A request to Anthropic whose answer has no more tokens than it may have, thoughts included: its package asks for the
 * tokens of the answer and for those of the thoughts together, so that a budget or a profile would bound only a part.
 * Thoughts get at most half; where that is too little, the model answers without them. Any other request stays.
 */
export function capThinking(body: unknown, most: number | undefined): unknown {
  if (most === undefined) return body;
  const { thinking, ...rest } = parseBody(body);
  if (typeof rest.max_tokens !== "number" || rest.max_tokens <= most) return body;
  if (!isRecord(thinking) || typeof thinking.budget_tokens !== "number") return body;
  const budget = lessThinking(thinking.budget_tokens, most);
  const kept = budget === undefined ? {} : { thinking: { ...thinking, budget_tokens: budget } };
  return JSON.stringify({ ...rest, max_tokens: most, ...kept });
}

/** Tokens to think with, of so many for thoughts and answer together; undefined where the half of it is too little. */
export function lessThinking(wanted: number, most: number): number | undefined {
  const budget = Math.min(wanted, Math.floor(most / 2));
  return budget < LEAST_THINKING ? undefined : budget;
}

/** What a request says; nothing where it is no JSON. */
export function parseBody(body: unknown): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = typeof body === "string" ? JSON.parse(body) : undefined;
    return isRecord(said) ? said : {};
  } catch {
    return {};
  }
}
