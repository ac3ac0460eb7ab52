import type { ChatEvent, ChatRequest, ModelClient, ModelPrice, ModelUsage } from "@soma/sdk/model-client";
import { isOutage } from "@soma/sdk/retries";
import { SomaError, toSomaError } from "@soma/shared/errors";
import { type Amounts, showAmount, type Used } from "../../domain/spending.ts";
import { ModelError } from "../model-error.ts";
import { bytesOf, costOf, fittingOutput, mostInput, type Seen, tokensOf, worstCost } from "./cost.ts";
import type { Spender } from "./spender.ts";

/** How often a call is made shorter, because others spent meanwhile what it was made to fit into. */
const MAX_FITS = 8;

/**
 * A model whose calls are paid for in advance by the most they can come to, and by what they came to when they are
 * over.
 */
export function meteredModel(client: ModelClient, spender: Spender): ModelClient {
  const { profile, provider, model, isAi, terms } = client;
  const metered = { profile, provider, model, isAi, ...(terms === undefined ? {} : { terms }) };
  return { ...metered, chat: (request, signal) => chat(client, spender, request, signal) };
}

async function* chat(
  client: ModelClient,
  spender: Spender,
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const price = priceOf(client, spender);
  const call = spender.nextCall();
  const input = mostInput(request);
  const most = await reserve({ client, spender, call, price, input, wanted: request.maxOutputTokens }).catch(
    async (error: unknown) => {
      // It may have been reserved all the same, and no call is made for it.
      if (isOutage(toSomaError(error).code)) await spender.settle(call, NOTHING);
      throw error;
    },
  );
  const seen: Seen = { mostInput: input, mostOutput: most, bytes: 0, hasEnded: false };
  let usage: ModelUsage | null = null;
  let failure: unknown;
  try {
    const limited = most === undefined ? request : { ...request, maxOutputTokens: most };
    for await (const event of client.chat(limited, signal)) {
      seen.bytes += bytesOf(event);
      if (event.type === "finish") {
        seen.hasEnded = true;
        usage = event.usage;
      }
      yield event.type === "finish" ? withCost(event, price, seen) : event;
    }
  } catch (error) {
    failure = error;
    usage ??= error instanceof ModelError ? (error.spent?.usage ?? null) : null;
    throw error;
  } finally {
    const tokens = tokensOf(usage, seen);
    const used = { money: costOf(price, tokens), ...toCounts(tokens) };
    await spender.settle(call, wasNotMade(failure, seen) ? NOTHING : used);
  }
}

/** What the step tells of the call. */
function withCost(event: Extract<ChatEvent, { type: "finish" }>, price: ModelPrice | undefined, seen: Seen): ChatEvent {
  if (event.usage === null || price === undefined) return event;
  const cost = showAmount("money", costOf(price, tokensOf(event.usage, seen)));
  return { ...event, usage: { ...event.usage, cost: `${cost} ${price.currency}` } };
}

/** What a call came to that was not made. */
export const NOTHING: Used = {
  money: 0,
  inputTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  modelCalls: 0,
  toolCalls: 0,
};

export function toCounts({ input, cached, output }: ReturnType<typeof tokensOf>): Omit<Used, "money"> {
  return { inputTokens: input, cachedTokens: cached, outputTokens: output, modelCalls: 1, toolCalls: 0 };
}

/** A call that was refused before anything came of it costs nothing; of one that was given up nobody knows. */
export function wasNotMade(error: unknown, { bytes }: Pick<Seen, "bytes">): boolean {
  if (error === undefined || bytes > 0 || (error instanceof ModelError && error.spent !== undefined)) return false;
  const { code } = toSomaError(error);
  return code !== "TIMEOUT" && code !== "CANCELED";
}

/** What the model costs; undefined where that is not known, or in another currency than that of the budgets. */
export function priceOf({ terms }: Pick<ModelClient, "terms">, { conf }: Spender): ModelPrice | undefined {
  return terms?.price?.currency === conf.currency ? terms.price : undefined;
}

export function unpriced({ profile, terms }: Pick<ModelClient, "profile" | "terms">, { conf }: Spender): ModelError {
  const currency = terms?.price?.currency;
  const why =
    currency === undefined ? "has no price" : `has a price in ${currency}, and budgets are in ${conf.currency}`;
  return new ModelError(
    "MODEL_REFUSED",
    `model profile "${profile}" ${why}, and money is limited; give it a price in models.yaml, or say withoutPrice: allow in budgets.yaml`,
    { isOfProfile: true },
  );
}

interface ReserveParams {
  client: ModelClient;
  spender: Spender;
  call: string;
  price: ModelPrice | undefined;
  input: number;
  wanted: number | undefined;
}

/** Reserves for an answer of at most so many tokens, which it gives; undefined where nothing limits its length. */
async function reserve({ client, spender, call, price, input, wanted }: ReserveParams): Promise<number | undefined> {
  const { conf } = spender;
  const isPriced = price !== undefined || !client.isAi || conf.withoutPrice === "allow";
  let output = Math.min(wanted ?? Number.POSITIVE_INFINITY, client.terms?.maxOutputTokens ?? conf.maxOutputTokens);
  for (let fits = 0; fits < MAX_FITS; fits += 1) {
    const want = toWant(price, input, output);
    const answer = await spender.reserve({ call, profile: client.profile, want, isPriced });
    if (answer.verdict === "OK") return answer.capped ? output : wanted;
    if (answer.verdict === "UNPRICED") throw unpriced(client, spender);
    const { leftMoney: money, leftTokens: tokens, measure } = answer;
    const least = Math.min(output, conf.minOutputTokens);
    const fitting = fittingOutput({ money, tokens }, price, input);
    if (measure === "modelCalls" || fitting < least) throw spender.spent(answer, toWant(price, input, least));
    output = Math.min(output, fitting);
  }
  throw new SomaError(
    "BUDGET_BUSY",
    "what is left of a budget changes faster than a call is fitted into it; it is tried again",
  );
}

function toWant(price: ModelPrice | undefined, input: number, output: number): Amounts {
  return { money: worstCost(price, { input, output }), tokens: input + output, modelCalls: 1, toolCalls: 0 };
}
