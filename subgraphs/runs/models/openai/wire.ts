import { isRecord } from "@soma/schemas/json";
import type { ChatMessage, ChatRequest } from "@soma/sdk/model-client";
import { ModelError, type Quote } from "../model-error.ts";

/** What the client reads from one chunk of a streamed answer; a whole answer that came without a stream has the same shape. */
export interface WireChunk {
  text: string;
  /** True when the chunk carries anything the model made, hidden reasoning included: a sign of life. */
  alive: boolean;
  toolCalls: WireToolCall[];
  finishReason: string | null;
  usage: { inputTokens: number; outputTokens: number } | null;
}

/** A piece of a tool call; what the piece does not say is null. */
export interface WireToolCall {
  index: number | null;
  id: string | null;
  name: string | null;
  arguments: string;
}

export interface WireOptions {
  model: string;
  temperature?: number | undefined;
  maxOutputTokens?: number | undefined;
  /** OpenAI's own models refuse `max_tokens`; most other servers know nothing else. */
  tokenLimitField: "max_tokens" | "max_completion_tokens";
}

/** The JSON body of POST /chat/completions. Servers refuse an empty list of tools, so it is left out. */
export function toWireRequest(request: ChatRequest, options: WireOptions): Record<string, unknown> {
  return {
    model: options.model,
    messages: request.messages.map(toWireMessage),
    ...(request.tools.length === 0 ? {} : { tools: request.tools.map(toWireTool) }),
    ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
    ...(options.maxOutputTokens === undefined ? {} : { [options.tokenLimitField]: options.maxOutputTokens }),
    stream: true,
    stream_options: { include_usage: true },
  };
}

function toWireMessage(message: ChatMessage): Record<string, unknown> {
  if (message.role === "tool") return { role: "tool", tool_call_id: message.toolCallId, content: message.content };
  if (message.role !== "assistant" || message.toolCalls === undefined || message.toolCalls.length === 0) {
    return { role: message.role, content: message.content };
  }
  return {
    role: "assistant",
    content: message.content === "" ? null : message.content,
    tool_calls: message.toolCalls.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: call.arguments },
    })),
  };
}

function toWireTool(tool: ChatRequest["tools"][number]): Record<string, unknown> {
  return {
    type: "function",
    function: { name: tool.name, description: tool.description, parameters: tool.inputSchema },
  };
}

/** Reads the JSON of a chunk or of a whole answer. Throws MODEL_FAILED when it is neither, or when it carries the server's error. */
export function parseChunk(json: string, quote: Quote): WireChunk {
  const chunk = parseObject(json, quote);
  if (isRecord(chunk.error) || typeof chunk.error === "string") {
    throw new ModelError(
      "MODEL_FAILED",
      `the server reported an error in the answer: ${quote(errorText(chunk) ?? json, 300)}`,
    );
  }
  const usage = usageOf(chunk.usage);
  if (!Array.isArray(chunk.choices)) {
    if (usage === null)
      throw new ModelError("MODEL_FAILED", `the stream holds JSON that is not a part of an answer: ${quote(json, 80)}`);
    return { text: "", alive: false, toolCalls: [], finishReason: null, usage };
  }
  const choice: unknown = chunk.choices[0];
  const part = isRecord(choice) ? (choice.delta ?? choice.message) : undefined;
  const delta = isRecord(part) ? part : {};
  const text = textOf(delta.content) + textOf(delta.refusal);
  const toolCalls = Array.isArray(delta.tool_calls) ? delta.tool_calls.filter(isRecord).map(toolCallOf) : [];
  const reasoning = textOf(delta.reasoning_content) + textOf(delta.reasoning);
  const finishReason =
    isRecord(choice) && typeof choice.finish_reason === "string" && choice.finish_reason !== ""
      ? choice.finish_reason
      : null;
  return { text, alive: text !== "" || reasoning !== "" || toolCalls.length > 0, toolCalls, finishReason, usage };
}

function parseObject(json: string, quote: Quote): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new ModelError("MODEL_FAILED", `the stream holds something that is not JSON: ${quote(json, 80)}`, { cause });
  }
  if (!isRecord(value))
    throw new ModelError("MODEL_FAILED", `the stream holds JSON that is not an object: ${quote(json, 80)}`);
  return value;
}

/** The message of an error body, in the shapes servers use: {error: {message}}, {error: "..."}, {message}, {detail}. */
export function errorText(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  const found = [isRecord(body.error) ? body.error.message : body.error, body.message, body.detail].find(
    (text) => typeof text === "string" && text !== "",
  );
  return typeof found === "string" ? found : undefined;
}

function toolCallOf(call: Record<string, unknown>): WireToolCall {
  const made = isRecord(call.function) ? call.function : {};
  const written = made.arguments;
  return {
    index: typeof call.index === "number" ? call.index : null,
    id: typeof call.id === "string" && call.id !== "" ? call.id : null,
    name: typeof made.name === "string" && made.name !== "" ? made.name : null,
    // A few servers send the arguments as an object instead of as JSON text.
    arguments: typeof written === "string" ? written : isRecord(written) ? JSON.stringify(written) : "",
  };
}

/** Text, or the text parts of a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: unknown) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("");
}

function usageOf(usage: unknown): WireChunk["usage"] {
  if (!isRecord(usage)) return null;
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = usage;
  if (typeof inputTokens !== "number") return null;
  return { inputTokens, outputTokens: typeof outputTokens === "number" ? outputTokens : 0 };
}
