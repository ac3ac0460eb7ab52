/** A language model as the engine sees it. Providers of models give one; each passes models/model-client.contract.ts of runs. */
export interface ModelClient {
  /** Name of the profile, the provider and the model, for events, spans and people. */
  readonly profile: string;
  readonly provider: string;
  readonly model: string;
  /** False for the scripted model, which is a set of rules. */
  readonly isAi: boolean;
  /**
   * One answer as it comes: text deltas, complete tool calls, then exactly one finish. Throws SomaError MODEL_FAILED
   * (trying again may help), MODEL_REFUSED (it will not), TIMEOUT or CANCELED.
   */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>;
}

export interface ChatRequest {
  messages: readonly ChatMessage[];
  tools: readonly ToolDefinition[];
}

export type ChatMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: string }
  | { role: "assistant"; content: string; toolCalls?: readonly ToolCall[] }
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
  /** JSON text, as the model wrote it. */
  arguments: string;
}

export type ChatEvent =
  | { type: "text"; delta: string }
  | { type: "toolCall"; call: ToolCall }
  | {
      type: "finish";
      reason: "stop" | "tool_calls" | "length" | "content_filter";
      usage: { inputTokens: number; outputTokens: number } | null;
    };

/** What the model node puts before the conversation; the scripted model reads it back. One line per memory. */
export const MEMORY_HEADING = "Relevant memories, most relevant first:";
