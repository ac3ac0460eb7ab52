import type { EmbeddingModelV4 } from "@ai-sdk/provider";
import type { Embedded, EmbeddingClient } from "@soma/sdk/embedding-client";
import { startDeadlines } from "../http/deadlines.ts";
import { throwIfOver } from "../http/server-client.ts";
import { createQuote, ModelError } from "../model-error.ts";
import { readUsage } from "../read-usage.ts";
import { type Progress, spentOn } from "../spent.ts";
import { toAiSdkError } from "./call-error.ts";
import { type AiSdkOptions, addressOf } from "./client.ts";
import { loadPackage, type MakeModel } from "./load-model.ts";
import { watchedFetch } from "./watched-fetch.ts";

export interface AiSdkEmbeddingOptions extends Omit<AiSdkOptions, "params" | "capabilities"> {
  dimensions: number;
}

/** A model that makes vectors, by its provider's package of the AI SDK, which is loaded with the first call. */
export function createAiSdkEmbeddings(options: AiSdkEmbeddingOptions): EmbeddingClient {
  const { profile, provider, model, dimensions } = options;
  let loading: Promise<MakeModel<EmbeddingModelV4>> | undefined;
  const load = (): Promise<MakeModel<EmbeddingModelV4>> => {
    loading ??= loadPackage(options.package, "doEmbed");
    return loading;
  };
  return {
    ...{ profile, provider, model, isAi: true, dimensions },
    embed: (texts, signal) => embed({ ...options, load }, texts, signal),
  };
}

async function embed(
  options: AiSdkEmbeddingOptions & { load(): Promise<MakeModel<EmbeddingModelV4>> },
  texts: readonly string[],
  caller: AbortSignal,
): Promise<Embedded> {
  const { profile, model, settings, load, timeoutsMs } = options;
  const who = `${profile} (${model})`;
  const deadlines = startDeadlines(who, timeoutsMs, caller);
  const progress: Progress = { hasBegun: false, hasHeard: false };
  try {
    throwIfOver(deadlines);
    const made = (await load())(model, { ...settings, fetch: watchedFetch(options.fetch, deadlines, undefined) });
    const { providerOptions } = options;
    const asked = { abortSignal: deadlines.signal, ...(providerOptions === undefined ? {} : { providerOptions }) };
    await checkCount(made, { who, count: texts.length });
    const answer = await made.doEmbed({ ...asked, values: [...texts] });
    progress.hasBegun = true;
    deadlines.token();
    return toEmbedded(answer, texts.length);
  } catch (error) {
    const spent = spentOn(error, progress, null);
    const told = { who, address: addressOf(options), quote: createQuote(...options.secrets), spent };
    throw deadlines.failure() ?? (await toAiSdkError(error, told));
  } finally {
    deadlines.close();
  }
}

/** Some models take one text at a time: a call is one request, so that it has its own time and is paid by itself. */
async function checkCount(
  { maxEmbeddingsPerCall }: EmbeddingModelV4,
  { who, count }: { who: string; count: number },
): Promise<void> {
  const most = (await maxEmbeddingsPerCall) ?? Number.POSITIVE_INFINITY;
  if (count <= most) return;
  const why = `${who} takes ${most} ${most === 1 ? "text" : "texts"} in a request, not ${count}`;
  throw new ModelError("MODEL_REFUSED", `${why}; its profile says so with batch: ${most}`);
}

function toEmbedded({ embeddings, usage }: Awaited<ReturnType<EmbeddingModelV4["doEmbed"]>>, count: number): Embedded {
  if (embeddings.length !== count)
    throw new ModelError("MODEL_FAILED", `the answer has ${embeddings.length} vectors for ${count} texts`);
  return { vectors: embeddings, usage: readUsage(usage?.tokens, 0) };
}
