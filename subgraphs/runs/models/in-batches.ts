import { setTimeout } from "node:timers/promises";
import type { EmbeddingProfile } from "@soma/conf/models";
import type { Embedded, EmbeddingClient } from "@soma/sdk/embedding-client";
import { backoffMs } from "@soma/shared/backoff";
import { toSomaError } from "@soma/shared/errors";
import { joinedVectors } from "./joined-vectors.ts";
import { ModelError, mayAnotherAnswer } from "./model-error.ts";

/** Texts in one request where the profile does not say. */
const BATCH = 32;
/** Bytes of texts in one request: servers bound the tokens of all texts together, at three hundred thousand the widest. */
const BATCH_BYTES = 200_000;
/** Before a batch is asked for once more. */
const PAUSE = { initialMs: 200, maxMs: 2_000 };

/**
 * Asks for as many texts at a time as the profile says, each request as often as it says, and looks whether the vectors
 * have the length that it says: kept beside others of another length they are worth nothing.
 */
export function inBatches(client: EmbeddingClient, profile: EmbeddingProfile): EmbeddingClient {
  const { batch = BATCH } = profile.embedding;
  const attempts = profile.retry?.attempts ?? 1;
  return {
    ...client,
    async embed(texts, signal) {
      const parts: Embedded[] = [];
      for (const some of toBatches(texts, batch))
        parts.push(checked(client, await ask(client, some, attempts, signal)));
      return joinedVectors(parts);
    },
  };
}

function toBatches(texts: readonly string[], most: number): string[][] {
  const batches: string[][] = [];
  let bytes = 0;
  for (const text of texts) {
    const last = batches.at(-1);
    bytes += Buffer.byteLength(text);
    if (last !== undefined && last.length < most && bytes <= BATCH_BYTES) last.push(text);
    else {
      batches.push([text]);
      bytes = Buffer.byteLength(text);
    }
  }
  return batches;
}

async function ask(
  client: EmbeddingClient,
  texts: readonly string[],
  attempts: number,
  signal: AbortSignal,
): Promise<Embedded> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await client.embed(texts, signal);
    } catch (error) {
      const known = toSomaError(error);
      // Of what waits for a person, or asks to be left alone, nothing else comes at once.
      const waits = known instanceof ModelError && (known.isOfProfile || known.retryAfterMs !== null);
      if (attempt >= attempts || waits || !mayAnotherAnswer(known)) throw error;
      await setTimeout(backoffMs(PAUSE, attempt), undefined, { signal });
    }
}

function checked({ profile, model, dimensions }: EmbeddingClient, made: Embedded): Embedded {
  const other = made.vectors.find(({ length }) => length !== dimensions);
  if (other === undefined) return made;
  throw new ModelError(
    "MODEL_REFUSED",
    `${profile} (${model}) makes vectors of ${other.length} numbers, and its profile says ${dimensions}`,
    { isOfProfile: true, spent: { usage: made.usage } },
  );
}
