import type { EmbeddingProfile } from "@soma/conf/models";
import type { Embedded, EmbeddingClient } from "@soma/sdk/embedding-client";
import { basesOf } from "../http/address.ts";
import { askServer, type Learned } from "../http/ask-server.ts";
import { startDeadlines } from "../http/deadlines.ts";
import { toCallError } from "../http/errors.ts";
import { postJson } from "../http/post-json.ts";
import { readWhole } from "../http/read-json.ts";
import { checkSettings, quoteOf, type ServerClientOptions, throwIfOver } from "../http/server-client.ts";
import { type Progress, spentOn } from "../spent.ts";
import { parseEmbeddings, toWireEmbeddings } from "./wire-embeddings.ts";

export interface EmbeddingClientOptions extends ServerClientOptions {
  embedding: EmbeddingProfile["embedding"];
}

/** Bytes of an answer: more than a thousand vectors of thousands of numbers have. */
const MOST_BYTES = 64_000_000;

/**
 * A model behind POST {baseUrl}/embeddings, which the servers have that speak chat completions, and others. Throws
 * BAD_INPUT when the address or the key cannot be used at all.
 */
export function createOpenAiEmbeddingClient(options: EmbeddingClientOptions): EmbeddingClient {
  const { profile, provider, model, embedding } = options;
  checkSettings(options);
  const learned: Learned = { base: undefined, quirks: new Set() };
  return {
    ...{ profile, provider, model, isAi: true, dimensions: embedding.dimensions },
    embed: (texts, signal) => embed({ ...options, learned }, texts, signal),
  };
}

async function embed(
  options: EmbeddingClientOptions & { learned: Learned },
  texts: readonly string[],
  caller: AbortSignal,
): Promise<Embedded> {
  const { profile, model, baseUrl, timeoutsMs, learned, embedding } = options;
  const who = `${profile} (${model})`;
  const quote = quoteOf(options);
  const deadlines = startDeadlines(who, timeoutsMs, caller);
  const progress: Progress = { hasBegun: false, hasHeard: false };
  const dimensions = embedding.shorten === true ? embedding.dimensions : undefined;
  try {
    throwIfOver(deadlines);
    const { body, found } = await askServer({
      ...{ who, bases: basesOf(baseUrl), learned, quote, possible: [], extra: [] },
      answer: { fields: ["data", "error"], mostBytes: MOST_BYTES },
      async post(base) {
        const asked = { operation: "/embeddings", body: toWireEmbeddings({ model, texts, dimensions }), deadlines };
        const response = await postJson(options, { base, ...asked });
        progress.hasBegun = response.ok;
        return response;
      },
    });
    deadlines.token();
    const made = parseEmbeddings(await readWhole(body, MOST_BYTES), texts.length, quote);
    Object.assign(learned, found);
    return made;
  } catch (error) {
    throw deadlines.failure() ?? toCallError(who, new URL(baseUrl).origin, error, spentOn(error, progress, null));
  } finally {
    deadlines.close();
  }
}
