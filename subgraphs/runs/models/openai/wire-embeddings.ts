import { isRecord } from "@soma/schemas/json";
import type { Embedded } from "@soma/sdk/embedding-client";
import { toAnswerError } from "../http/answer-error.ts";
import { ModelError, type Quote } from "../model-error.ts";
import { readResponse } from "../read-response.ts";
import { readUsage } from "../read-usage.ts";

export interface EmbeddingsRequest {
  model: string;
  texts: readonly string[];
  /** Asked of a model that has longer vectors. */
  dimensions: number | undefined;
}

/** The JSON body of POST /embeddings. */
export function toWireEmbeddings({ model, texts, dimensions }: EmbeddingsRequest): Record<string, unknown> {
  return { model, input: texts, ...(dimensions === undefined ? {} : { dimensions }) };
}

/** Reads the answer to so many texts. Throws MODEL_FAILED, or what the server reports in place of an answer. */
export function parseEmbeddings(json: string, count: number, quote: Quote): Embedded {
  const said = parse(json, quote);
  if (said.error !== undefined && said.error !== null) throw toAnswerError(said.error, json, quote);
  const items = Array.isArray(said.data) ? (said.data as unknown[]).filter(isRecord) : [];
  if (items.length !== count) throw unreadable(`it has ${items.length} vectors for ${count} texts`);
  const vectors: number[][] = [];
  for (const [at, { index = at, embedding }] of items.entries()) {
    if (!isVector(embedding)) throw unreadable(`vector ${at + 1} is none`);
    vectors[Number(index)] = embedding;
  }
  if (Object.keys(vectors).length !== count || vectors.length !== count)
    throw unreadable("its vectors are not numbered as the texts are");
  const usage = isRecord(said.usage) ? said.usage : {};
  const tokens = usage.prompt_tokens ?? usage.total_tokens;
  return { vectors, usage: readUsage(tokens, 0), response: readResponse({ model: said.model }) };
}

function parse(json: string, quote: Quote): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(json);
    if (isRecord(said)) return said;
  } catch {
    // Said below.
  }
  throw unreadable(`it is not what one is: ${quote(json, 100)}`);
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "number");
}

function unreadable(why: string): ModelError {
  return new ModelError("MODEL_FAILED", `the answer cannot be read: ${why}`);
}
