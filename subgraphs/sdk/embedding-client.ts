import type { AnswerName, ModelName, ModelServer, ModelTerms, ModelUsage } from "./model-client.ts";

/**
 * A model that makes vectors of texts: texts that mean alike have vectors that are near each other. Those of one model
 * say nothing beside those of another. Providers of models give one; each passes models/embedding-client.contract.ts of
 * runs.
 */
export interface EmbeddingClient extends ModelName {
  /** How many numbers each vector has. */
  readonly dimensions: number;
  /** How many texts one request has at most, where that is known. */
  readonly mostTexts?: number;
  readonly terms?: Pick<ModelTerms, "price">;
  readonly servedBy?: ModelServer;
  /** One vector for each text, in their order. Throws as a ModelClient does. */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Embedded>;
}

export interface Embedded {
  vectors: number[][];
  /** No tokens of an answer; null where the server does not say. */
  usage: ModelUsage | null;
  response?: AnswerName | undefined;
}
