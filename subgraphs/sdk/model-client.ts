import type { JsonObject } from "@soma/schemas/json";
import type { SentPrompt } from "@soma/schemas/sent-prompt";

/**
 * A language model as the engine sees it. Providers of models give one; each passes models/model-client.contract.ts of
 * runs.
 */
export interface ModelClient {
  /** Name of the profile, the provider and the model, for events, spans and people. */
  readonly profile: string;
  readonly provider: string;
  readonly model: string;
  /** False for the scripted model, which is a set of rules. */
  readonly isAi: boolean;
  /** What its profile says of what it costs; left out, nothing is known. */
  readonly terms?: ModelTerms;
  /** Who answers and where, for spans and metrics; left out, that is not known. */
  readonly servedBy?: ModelServer;
  /**
   * One answer as it comes: deltas of text and of thinking, complete tool calls, then exactly one finish. Throws
   * SomaError MODEL_FAILED (trying again may help), MODEL_REFUSED (it will not), TIMEOUT or CANCELED.
   */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>;
}

export interface ModelServer {
  /** As OpenTelemetry calls it, such as mistral_ai; the name of our own provider for those it has no name for. */
  provider: string;
  address?: string;
  port?: number;
}

export interface ModelTerms {
  price?: ModelPrice | undefined;
  /** Tokens an answer has at most, since the model or its profile says so. */
  maxOutputTokens?: number | undefined;
  /** Tokens that a request and its answer have together at most; left out, that is not known. */
  contextTokens?: number | undefined;
  /** What it is sent with every request, such as its temperature. */
  params?: JsonObject | undefined;
}

/** For each million tokens. */
export interface ModelPrice {
  inputPerMillion: number;
  /** Of tokens the provider had kept from an earlier prompt; left out, they cost as much as others. */
  cachedInputPerMillion?: number | undefined;
  outputPerMillion: number;
  /** Three letters. */
  currency: string;
}

/** A model as people and the history name it. */
export type ModelName = Pick<ModelClient, "profile" | "provider" | "model" | "isAi">;

/** A profile that was asked for an answer, or was to be, and why it gave none. */
export interface PassedOver {
  profile: string;
  /** A code of the error catalogue. */
  code: string;
  message: string;
}

export interface ChatRequest {
  messages: readonly ChatMessage[];
  tools: readonly ToolDefinition[];
  /**
   * The answer is to be JSON. The messages say so too, and who asks looks whether it fits, because not every server
   * takes a schema or holds its model to it.
   */
  output?: JsonOutput | undefined;
  /** The answer is to have at most so many tokens, and no more than its profile says. */
  maxOutputTokens?: number;
  /** The messages as they fit into so many tokens, with the tools; left out, they are sent as they are. */
  fit?(tokens: number): Fitted;
}

/** What an answer in JSON is to be. */
export interface JsonOutput {
  /** Letters, digits, _ and -, at most 64. */
  name: string;
  /** JSON Schema of an object. */
  schema: unknown;
}

/** Messages that were made to fit. */
export interface Fitted {
  messages: readonly ChatMessage[];
  /** What is not in them, in words; undefined when nothing is missing. */
  leftOut: string | undefined;
}

/** What a provider says a call used. */
export interface ModelUsage {
  inputTokens: number;
  /** Of those, what the provider had kept from an earlier prompt. */
  cachedInputTokens?: number;
  outputTokens: number;
  /** What that cost, with its currency; left out where no price is known. */
  cost?: string;
}

export type ChatMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: string }
  | { role: "assistant"; content: string; toolCalls?: readonly ToolCall[]; given?: Given }
  | { role: "tool"; toolCallId: string; content: string };

export interface ToolDefinition {
  name: string;
  description: string;
  /** JSON Schema of the arguments. */
  inputSchema: unknown;
}

export interface ToolCall {
  id: string;
  name: string;
  /** JSON text, as the model wrote it; it may be broken. */
  arguments: string;
  /** What the server said of the call beside these, its own id among it; only for who gave it. */
  given?: JsonObject;
  /** Why it is not made, as the model is told. */
  refused?: string;
}

/** What a server said of its answer that only it understands: kept, and sent back unchanged to it alone. */
export interface Given {
  /** Which server and model. */
  by: string;
  fields: JsonObject;
}

/** What a server calls its answer, and the model that gave it, which may be another than was asked for. */
export interface AnswerName {
  id?: string;
  model?: string;
}

/** How an answer ended: whole, with calls, or cut by a limit of tokens or by a filter. */
export type FinishReason = "stop" | "tool_calls" | "length" | "content_filter";

export type ChatEvent =
  | { type: "text"; delta: string }
  /** What the model thinks before it answers: no part of the answer. */
  | { type: "thinking"; delta: string }
  /** The text so far was thinking: the model said so only when it had ended. The answer begins here. */
  | { type: "answerBegins" }
  /** What was sent; told before anything else, and once more when it had to be sent in another way. */
  | { type: "sent"; prompt: SentPrompt }
  /** What a person should know about how this answer came about, such as that the model cannot call tools. */
  | { type: "note"; text: string }
  /** Other models were asked first and did not answer. Told once, before anything that is said. */
  | { type: "answeredBy"; by: ModelName; passedOver: readonly PassedOver[] }
  | { type: "toolCall"; call: ToolCall }
  | {
      type: "finish";
      reason: FinishReason;
      usage: ModelUsage | null;
      given?: Given;
      response?: AnswerName | undefined;
    };

/** What the model node puts before the conversation; the scripted model reads it back. One line per memory. */
export const MEMORY_HEADING = "Relevant memories, most relevant first:";
