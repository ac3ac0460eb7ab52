import type { ChatEvent, ChatRequest, ModelPrice, ModelUsage } from "@soma/sdk/model-client";
import { MAX_ANSWER_BYTES } from "../answer-end.ts";

export interface Tokens {
  input: number;
  /** Of the input. */
  cached: number;
  output: number;
}

const MILLION = 1_000_000;
/** What templates of servers put around a prompt beyond its own letters, such as how tools are to be called. */
const TEMPLATE_TOKENS = 1_024;
/** A token of text that people write has three to five bytes; whoever says it has more than this is not believed. */
const MOST_BYTES_OF_TOKEN = 8;
/** Tokens of an answer that nothing limits: each is at least one byte of the longest that is read. */
const MOST_OUTPUT = MAX_ANSWER_BYTES;

/** What tokens cost in millionths, rounded up once: never less than is charged. */
export function costOf(price: ModelPrice | undefined, { input, cached, output }: Tokens): number {
  if (price === undefined) return 0;
  const { inputPerMillion, cachedInputPerMillion = inputPerMillion, outputPerMillion } = price;
  const parts = BigInt(input - cached) * whole(inputPerMillion);
  const sum = parts + BigInt(cached) * whole(cachedInputPerMillion) + BigInt(output) * whole(outputPerMillion);
  return Number((sum + BigInt(MILLION - 1)) / BigInt(MILLION));
}

/** Millionths that a million tokens cost. */
function whole(perMillion: number): bigint {
  return BigInt(Math.ceil(perMillion * MILLION - 1e-4));
}

/** The most that tokens of a prompt can cost; a price for kept ones may be higher than that of others. */
export function worstCost(price: ModelPrice | undefined, tokens: Omit<Tokens, "cached">): number {
  return Math.max(costOf(price, { ...tokens, cached: 0 }), costOf(price, { ...tokens, cached: tokens.input }));
}

/**
 * Tokens a prompt has at most: a token is at least one byte of it, and its JSON holds more than any template of
 * messages.
 */
export function mostInput({ messages, tools, output }: ChatRequest): number {
  return mostTokensOf({ messages, tools, output });
}

/** The same of whatever is sent. */
export function mostTokensOf(sent: object): number {
  return Buffer.byteLength(JSON.stringify(sent)) + TEMPLATE_TOKENS;
}

/** Tokens an answer may have so that a call comes to no more than what is left; null is left without limit. */
export function fittingOutput(
  left: { money: number | null; tokens: number | null },
  price: ModelPrice | undefined,
  input: number,
): number {
  const byTokens = left.tokens === null ? Number.POSITIVE_INFINITY : left.tokens - input;
  return Math.floor(Math.min(byTokens, outputFor(left.money, price, input)));
}

function outputFor(money: number | null, price: ModelPrice | undefined, input: number): number {
  const perMillion = price === undefined ? 0n : whole(price.outputPerMillion);
  const rest = (money ?? 0) - worstCost(price, { input, output: 0 });
  if (money === null || (perMillion === 0n && rest >= 0)) return Number.POSITIVE_INFINITY;
  return rest < 0 ? 0 : Number((BigInt(rest) * BigInt(MILLION)) / perMillion);
}

/** Bytes of an answer that an event holds, of what its tokens are made of. */
export function bytesOf(event: ChatEvent): number {
  if (event.type === "text" || event.type === "thinking") return Buffer.byteLength(event.delta);
  return event.type === "toolCall" ? Buffer.byteLength(event.call.name + event.call.arguments) : 0;
}

/** What was asked of a model and seen of its answer. */
export interface Seen {
  /** Tokens of the prompt at most. */
  mostInput: number;
  /** Tokens of the answer at most, as it was told; undefined where nothing limits it. */
  mostOutput: number | undefined;
  /** Bytes of the answer so far. */
  bytes: number;
  /** Whether the end of the answer was heard; if not, more of it was made than was seen. */
  hasEnded: boolean;
}

/**
 * What a call is counted as. What a provider says is believed between what was seen of the call and the most it can be;
 * where it says nothing, each byte counts as a token, and an answer whose end was not heard as long as it may have
 * become: never less than it was.
 */
export function tokensOf(reported: ModelUsage | null, seen: Seen): Tokens {
  const { mostInput: inputBound, mostOutput, bytes, hasEnded } = seen;
  const outputBound = mostOutput ?? MOST_OUTPUT;
  if (reported === null || !isCount(reported.inputTokens) || !isCount(reported.outputTokens))
    return { input: inputBound, cached: 0, output: hasEnded ? Math.min(bytes, outputBound) : (mostOutput ?? bytes) };
  const least = (size: number): number => Math.ceil(size / MOST_BYTES_OF_TOKEN);
  const input = Math.min(Math.max(reported.inputTokens, least(inputBound - TEMPLATE_TOKENS)), inputBound);
  const output = Math.min(Math.max(reported.outputTokens, least(bytes)), outputBound);
  return { input, cached: cachedOf(reported, input), output };
}

/** Tokens that were kept from an earlier prompt are some of the prompt's. */
function cachedOf({ cachedInputTokens: cached = 0 }: ModelUsage, input: number): number {
  return isCount(cached) ? Math.min(cached, input) : 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
