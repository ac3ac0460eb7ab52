import { setTimeout } from "node:timers/promises";
import type { EmbeddingProfile } from "@soma/conf/models";
import type { Embedded, EmbeddingClient } from "@soma/sdk/embedding-client";
import { backoffMs } from "@soma/shared/backoff";
import { toSomaError } from "@soma/shared/errors";
import { ModelError, mayAnotherAnswer } from "./model-error.ts";

/** Texts in one request where the profile does not say. */
const BATCH = 32;
/** Before it is asked once more. */
const PAUSE = { initialMs: 200, maxMs: 2_000 };

/**
 * Asks as often as its profile says, for so many texts, and looks whether the vectors have the length that it says:
 * kept beside others of another length they are worth nothing. Texts beyond that are for another step: what a step has
 * been given is kept when it ends, so that a request which was paid for and not kept would be paid for again.
 */
export function retriedEmbeddings(client: EmbeddingClient, profile: EmbeddingProfile): EmbeddingClient {
  const { batch: mostTexts = BATCH } = profile.embedding;
  const attempts = profile.retry?.attempts ?? 1;
  return {
    ...client,
    mostTexts,
    async embed(texts, signal) {
      if (texts.length > mostTexts) throw tooMany(client, mostTexts, texts.length);
      return checked(client, await ask(client, texts, attempts, signal));
    },
  };
}

function tooMany({ profile }: EmbeddingClient, mostTexts: number, asked: number): ModelError {
  const why = `model profile "${profile}" makes vectors of ${mostTexts} texts in one request at most, not of ${asked}`;
  return new ModelError("MODEL_REFUSED", why);
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
  const spent = { usage: made.usage };
  const who = `${profile} (${model})`;
  const other = made.vectors.find(({ length }) => length !== dimensions);
  if (other !== undefined) {
    const why = `${who} makes vectors of ${other.length} numbers, and its profile says ${dimensions}`;
    throw new ModelError("MODEL_REFUSED", why, { isOfProfile: true, spent });
  }
  const unreadable = made.vectors.findIndex((vector) => !vector.every(Number.isFinite));
  if (unreadable >= 0)
    throw new ModelError("MODEL_FAILED", `${who}: vector ${unreadable + 1} has what is no number`, { spent });
  return made;
}
