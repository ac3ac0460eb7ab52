import type { Embedded, EmbeddingClient } from "@soma/sdk/embedding-client";
import { isOutage } from "@soma/sdk/retries";
import { toSomaError } from "@soma/shared/errors";
import { showAmount } from "../../domain/spending.ts";
import { ModelError } from "../model-error.ts";
import { costOf, mostTokensOf, type Tokens, tokensOf, worstCost } from "./cost.ts";
import { NOTHING, priceOf, toCounts, unpriced, wasNotMade } from "./metered-model.ts";
import type { Spender } from "./spender.ts";

/**
 * A model whose vectors are paid for in advance by the most that their texts can come to, and by what they came to
 * when they are made. There is nothing of such a call to shorten: what does not fit is refused.
 */
export function meteredEmbeddings(client: EmbeddingClient, spender: Spender): EmbeddingClient {
  const price = priceOf(client, spender);
  const isPriced = price !== undefined || !client.isAi || spender.conf.withoutPrice === "allow";

  async function reserve(call: string, input: number): Promise<void> {
    const want = { money: worstCost(price, { input, output: 0 }), tokens: input, modelCalls: 1, toolCalls: 0 };
    const answer = await spender.reserve({ call, profile: client.profile, want, isPriced });
    if (answer.verdict === "UNPRICED") throw unpriced(client, spender);
    if (answer.verdict !== "OK") throw spender.spent(answer, want);
  }

  return {
    ...client,
    async embed(texts, signal) {
      const call = spender.nextCall();
      const input = mostTokensOf({ texts });
      await reserve(call, input).catch(async (error: unknown) => {
        // It may have been reserved all the same, and no call is made for it.
        if (isOutage(toSomaError(error).code)) await spender.settle(call, NOTHING);
        throw error;
      });
      const settle = (tokens: Tokens): Promise<void> =>
        spender.settle(call, { money: costOf(price, tokens), ...toCounts(tokens) });
      const made = await client.embed(texts, signal).catch(async (error: unknown) => {
        const spent = error instanceof ModelError ? error.spent : undefined;
        if (wasNotMade(error, { bytes: 0 })) await spender.settle(call, NOTHING);
        else await settle(used(spent?.usage ?? null, input));
        throw error;
      });
      const tokens = used(made.usage, input);
      await settle(tokens);
      if (made.usage === null || price === undefined) return made;
      const cost = `${showAmount("money", costOf(price, tokens))} ${price.currency}`;
      return { ...made, usage: { ...made.usage, cost } };
    },
  };
}

function used(usage: Embedded["usage"], input: number): Tokens {
  return tokensOf(usage, { mostInput: input, mostOutput: 0, bytes: 0, hasEnded: true });
}
