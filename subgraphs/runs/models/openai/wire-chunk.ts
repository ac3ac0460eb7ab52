import { isRecord, type Json, type JsonObject } from "@soma/schemas/json";
import type { AnswerName, ModelUsage } from "@soma/sdk/model-client";
import { toAnswerError } from "../http/answer-error.ts";
import { errorText, isError } from "../http/error-text.ts";
import { parseObject } from "../http/parse-object.ts";
import type { Quote } from "../model-error.ts";
import { readResponse } from "../read-response.ts";
import { readUsage } from "../read-usage.ts";

/**
 * What the client reads from one chunk of a streamed answer; a whole answer that came without a stream has the same
 * shape.
 */
export interface WireChunk {
  text: string;
  /** What the model thinks, from a field or a part of its own. */
  thinking: string;
  /** True when the chunk carries anything the model made: a sign of life. */
  alive: boolean;
  toolCalls: WireToolCall[];
  /** True for a message as a whole, and not for what comes to one. */
  isWhole?: boolean;
  finishReason: string | null;
  usage: ModelUsage | null;
  response?: AnswerName | undefined;
  /** Fields of the message that nobody here understands, and its parts where its content is a list. */
  extra: JsonObject;
  /** JSON that is no part of an answer, as an error may show it. */
  stray?: string;
}

/** A piece of a tool call; what the piece does not say is null. */
export interface WireToolCall {
  index: number | null;
  id: string | null;
  name: string | null;
  arguments: string;
  extra: JsonObject;
}

const READ_OF_MESSAGE = new Set(["role", "content", "refusal", "tool_calls", "function_call"]);
const READ_OF_CALL = new Set(["index", "id", "type", "function"]);
const READ_OF_FUNCTION = new Set(["name", "arguments"]);
/** Chunks of servers that only say that they are alive. */
const PINGS = new Set(["ping", "keepalive", "keep-alive", "heartbeat"]);

const NOTHING: WireChunk = {
  text: "",
  thinking: "",
  alive: false,
  toolCalls: [],
  finishReason: null,
  usage: null,
  extra: {},
};

/**
 * Reads the JSON of a chunk or of a whole answer; servers send other JSON beside it, which is passed over. Throws
 * MODEL_FAILED for what is no JSON, and for the server's error.
 */
export function parseChunk(json: string, quote: Quote, pick = createPick()): WireChunk {
  const chunk = parseObject(json, quote);
  const isPart = Array.isArray(chunk.choices);
  if (isError(chunk.error) || (!isPart && errorText(chunk) !== undefined))
    throw toAnswerError(chunk.error ?? chunk, json, quote);
  const usage = usageOf(chunk.usage);
  if (!isPart) return { ...NOTHING, usage, ...(usage !== null || isPing(chunk) ? {} : { stray: quote(json, 80) }) };
  const choice = pick(chunk.choices as readonly unknown[]);
  const response = readResponse(chunk);
  if (choice === undefined) return { ...NOTHING, usage, response };
  if (isError(choice.error)) throw toAnswerError(choice.error, json, quote);
  // A few servers put it into the choice.
  return { ...choiceOf(choice), usage: usage ?? usageOf(choice.usage), response };
}

function isPing(chunk: Record<string, unknown>): boolean {
  return Object.keys(chunk).length === 0 || PINGS.has(String(chunk.type)) || PINGS.has(String(chunk.object));
}

type PickChoice = (choices: readonly unknown[]) => Record<string, unknown> | undefined;

/**
 * A server that was asked for one answer may give several; the one that begins is read, the first where they begin at
 * once.
 */
export function createPick(): PickChoice {
  let read: number | undefined;
  return (choices) => {
    const found = choices.filter(isRecord).map((choice) => ({ choice, index: indexOf(choice.index) ?? 0 }));
    const first = found.find(({ index }) => index === (read ?? 0)) ?? (read === undefined ? found[0] : undefined);
    read ??= first?.index;
    return first?.choice;
  };
}

function choiceOf(choice: Record<string, unknown>): WireChunk {
  const isWhole = !isRecord(choice.delta) && isRecord(choice.message);
  const part = isWhole ? choice.message : choice.delta;
  const message = isRecord(part) ? part : {};
  const text = textOf(message.content) + textOf(message.refusal);
  const thinking = thinkingOf(message);
  const toolCalls = toolCallsOf(message);
  return {
    ...NOTHING,
    text,
    thinking,
    alive: text !== "" || thinking !== "" || toolCalls.length > 0,
    toolCalls,
    ...(isWhole ? { isWhole } : {}),
    finishReason: typeof choice.finish_reason === "string" && choice.finish_reason !== "" ? choice.finish_reason : null,
    extra: {
      ...others(message, READ_OF_MESSAGE),
      ...(Array.isArray(message.content) ? { content: message.content as Json[] } : {}),
    },
  };
}

function toolCallsOf(message: Record<string, unknown>): WireToolCall[] {
  const listed = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isRecord) : [];
  if (listed.length > 0) return listed.map(toolCallOf);
  // As servers wrote it that knew of one call only, and as some write it still, beside the list.
  return isRecord(message.function_call) ? [toolCallOf({ function: message.function_call })] : [];
}

function toolCallOf(call: Record<string, unknown>): WireToolCall {
  const made = isRecord(call.function) ? call.function : {};
  const written = made.arguments;
  const more = others(made, READ_OF_FUNCTION);
  return {
    index: indexOf(call.index),
    id: typeof call.id === "string" && call.id !== "" ? call.id : null,
    name: typeof made.name === "string" && made.name !== "" ? made.name : null,
    // A few servers send the arguments as an object instead of as JSON text.
    arguments: typeof written === "string" ? written : isRecord(written) ? JSON.stringify(written) : "",
    extra: {
      ...others(call, READ_OF_CALL),
      ...kindOf(call),
      ...(Object.keys(more).length === 0 ? {} : { function: more }),
    },
  };
}

/** A call of another kind than all others goes back as it came. */
function kindOf({ type }: Record<string, unknown>): JsonObject {
  return typeof type === "string" && type !== "" && type !== "function" ? { type } : {};
}

function indexOf(index: unknown): number | null {
  if (typeof index === "number") return index;
  return typeof index === "string" && /^\d{1,4}$/.test(index) ? Number(index) : null;
}

/** Of thinking that was none; servers that think ask for the field again in the next turn. */
const KEPT_WITHOUT_TEXT = "reasoning_content";

/** What nobody here reads; a field that says nothing is left out. */
function others(from: Record<string, unknown>, read: ReadonlySet<string>): JsonObject {
  const says = (key: string, value: unknown): boolean => value !== null && (value !== "" || key === KEPT_WITHOUT_TEXT);
  const kept = Object.entries(from).filter(([key, value]) => !read.has(key) && says(key, value));
  return Object.fromEntries(kept) as JsonObject;
}

/** Text, or the text parts of a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: unknown) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("");
}

/** Servers name the field as they like, and some send it under two names; a few make it a part of the content. */
function thinkingOf({ reasoning_content, reasoning, thinking, content }: Record<string, unknown>): string {
  const field = [reasoning_content, reasoning, thinking].find((text) => typeof text === "string" && text !== "");
  if (typeof field === "string") return field;
  if (!Array.isArray(content)) return "";
  return content.map((part: unknown) => (isRecord(part) ? textOf(part.thinking) : "")).join("");
}

function usageOf(usage: unknown): WireChunk["usage"] {
  if (!isRecord(usage)) return null;
  const { prompt_tokens: input, completion_tokens: said, total_tokens: total, prompt_tokens_details: details } = usage;
  // A few servers count what the model thought in the total alone.
  const rest = Number.isSafeInteger(total) ? Number(total) - Number(input) : 0;
  const output = typeof (said ?? 0) === "number" ? Math.max(Number(said ?? 0), rest) : said;
  // Two ways to say how much of the prompt the server had kept.
  return readUsage(input, output, isRecord(details) ? details.cached_tokens : usage.prompt_cache_hit_tokens);
}
