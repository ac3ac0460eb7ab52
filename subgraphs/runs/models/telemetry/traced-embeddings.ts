import type { Embedded, EmbeddingClient } from "@soma/sdk/embedding-client";
import { toSomaError } from "@soma/shared/errors";
import { beginSpan } from "@soma/shared/telemetry";
import { DURATION, GEN_AI, OPERATION, TOKENS, toLabels } from "./gen-ai.ts";
import { known, toWho } from "./traced-model.ts";

/** A model each of whose calls for vectors is a span and counted; never with a word of the texts. */
export function tracedEmbeddings(client: EmbeddingClient, { sessionId }: { sessionId: string }): EmbeddingClient {
  const asked = { ...toWho(OPERATION.embeddings, client), [GEN_AI.dimensions]: client.dimensions };
  const labels = toLabels(asked);
  return {
    ...client,
    async embed(texts, signal) {
      const name = `${OPERATION.embeddings} ${client.model}`;
      const span = beginSpan(name, "CLIENT", { ...asked, [GEN_AI.conversation]: sessionId });
      const begunAt = performance.now();
      let made: Embedded | undefined;
      let error: string | undefined;
      try {
        made = await client.embed(texts, signal);
        return made;
      } catch (failure) {
        error = toSomaError(failure).code;
        throw failure;
      } finally {
        const { inputTokens } = made?.usage ?? {};
        const answered = {
          [GEN_AI.responseModel]: made?.response?.model,
          [GEN_AI.inputTokens]: inputTokens,
          [GEN_AI.errorType]: error,
        };
        span.end(known(answered), error !== undefined);
        const seconds = (performance.now() - begunAt) / 1_000;
        DURATION.observe(error === undefined ? labels : { ...labels, error_type: error }, seconds);
        if (inputTokens !== undefined) TOKENS.observe({ ...labels, gen_ai_token_type: "input" }, inputTokens);
      }
    },
  };
}
