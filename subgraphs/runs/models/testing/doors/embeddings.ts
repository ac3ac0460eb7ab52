import { isRecord } from "@soma/schemas/json";
import type { EmbeddingsDoor } from "../model-server.ts";
import { BadRequest } from "../wire-messages.ts";

/** As OpenAI has it: texts that are not empty, 2 048 at most; what comes is numbered, and stands in any order. */
export const openAiEmbeddings: EmbeddingsDoor = {
  operation: /^\/embeddings$/,
  read({ model, input, dimensions }) {
    const texts = checkTexts(Array.isArray(input) ? input : [input], 2_048);
    return { model: String(model), texts, ...(typeof dimensions === "number" ? { dimensions } : {}) };
  },
  whole: (vectors, { model }) => ({
    object: "list",
    data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding })).toReversed(),
    model: `${model}-2026`,
    usage: { prompt_tokens: 5 * vectors.length, total_tokens: 5 * vectors.length },
  }),
};

/** As Gemini has it: one text by itself or a hundred at most, and no word of tokens. */
export const geminiEmbeddings: EmbeddingsDoor = {
  operation: /^\/models\/[^/]+:(?:embedContent|batchEmbedContents)$/,
  read(body, path) {
    const contents = Array.isArray(body.requests) ? (body.requests as unknown[]) : [body];
    const texts = checkTexts(contents.map(textOf), 100);
    return { model: path.slice("/models/".length).replace(/:.*/, ""), texts };
  },
  whole(vectors, { path }) {
    const values = vectors.map((vector) => ({ values: vector }));
    return path.endsWith(":embedContent") ? { embedding: values[0] } : { embeddings: values };
  },
};

function textOf(request: unknown): unknown {
  const content = isRecord(request) && isRecord(request.content) ? request.content : {};
  const [part]: unknown[] = Array.isArray(content.parts) ? content.parts : [];
  return isRecord(part) ? part.text : undefined;
}

function checkTexts(input: readonly unknown[], most: number): string[] {
  const texts = input.filter((text) => typeof text === "string" && text !== "").map(String);
  if (texts.length !== input.length || texts.length === 0) throw new BadRequest("'$.input' is invalid");
  if (texts.length > most) throw new BadRequest(`'$.input' has ${texts.length} items, at most ${most} are taken`);
  return texts;
}
