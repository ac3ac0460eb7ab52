import type { LanguageModelV4StreamPart, SharedV4ProviderMetadata } from "@ai-sdk/provider";
import { isRecord, type JsonObject } from "@soma/schemas/json";
import type { AnswerName, ChatEvent, ModelUsage, ToolCall } from "@soma/sdk/model-client";
import { blankAnswer, MAX_ANSWER_BYTES, tooLongAnswer, toReason } from "../answer-end.ts";
import {
  createCallIds,
  keepCalls,
  MAX_READ_CALLS,
  MAX_TOOL_CALLS,
  readableArguments,
  tooManyCalls,
} from "../calls-of-answer.ts";
import { toAnswerError } from "../http/answer-error.ts";
import type { Heard } from "../http/server-client.ts";
import type { Quote } from "../model-error.ts";
import { readResponse } from "../read-response.ts";
import { readUsage } from "../read-usage.ts";
import { createSpokenText } from "../spoken-text.ts";
import type { Said } from "../thinking-tags.ts";

export interface Answer {
  /** Takes the next part and gives what it says. Throws what the model's server says in place of an answer. */
  add(part: LanguageModelV4StreamPart): Heard;
  /** The rest of the text, the tool calls and the finish. Throws when the stream ended too early, or held no answer. */
  end(): ChatEvent[];
  /** What the server said so far of the tokens that it used. */
  usage(): ModelUsage | null;
}

/** A part of the answer as it goes back: text, a thought with its signature, or a call. */
type Kept = JsonObject & { type: string };

const HEARD: Heard = { events: [], isAlive: true, isLast: false };

/** Puts an answer together from the parts in which a package of the AI SDK gives it. */
export function createAnswer(by: string, quote: Quote): Answer {
  const spoken = createSpokenText();
  const kept: Kept[] = [];
  const open = new Map<string, Kept>();
  const calls: ToolCall[] = [];
  const idOf = createCallIds();
  let bytes = 0;
  let response: AnswerName | undefined;
  let finish: Extract<LanguageModelV4StreamPart, { type: "finish" }> | undefined;

  const count = (text: string): void => {
    bytes += Buffer.byteLength(text);
    if (bytes > MAX_ANSWER_BYTES) throw tooLongAnswer();
  };
  /** The text or thought of an id, with what its package says of it. */
  const keep = (type: "text" | "reasoning", id: string, metadata: SharedV4ProviderMetadata | undefined): Kept => {
    const known = open.get(`${type} ${id}`) ?? { type, text: "" };
    if (!open.has(`${type} ${id}`)) {
      open.set(`${type} ${id}`, known);
      kept.push(known);
    }
    if (metadata !== undefined) {
      count(JSON.stringify(metadata));
      known.providerOptions = mergeOptions(known.providerOptions, metadata);
    }
    return known;
  };
  const say = (
    type: "text" | "reasoning",
    part: { id: string; delta?: string; providerMetadata?: SharedV4ProviderMetadata },
  ): Said[] => {
    const { id, delta = "", providerMetadata } = part;
    const known = keep(type, id, providerMetadata);
    count(delta);
    known.text = `${String(known.text)}${delta}`;
    if (type === "text") return spoken.add(delta);
    return delta === "" ? [] : [{ type: "thinking", delta }];
  };
  const call = (part: Extract<LanguageModelV4StreamPart, { type: "tool-call" }>): void => {
    const { toolCallId, toolName, input } = part;
    count(input);
    if (calls.length >= MAX_READ_CALLS) throw tooManyCalls();
    const written = input.trim() === "" ? "{}" : input;
    const id = idOf(toolCallId === "" ? null : toolCallId);
    calls.push({ id, name: toolName, arguments: written, given: { id } });
    if (calls.length <= MAX_TOOL_CALLS) kept.push(toKept(part, id, written));
  };

  return {
    add(part) {
      switch (part.type) {
        case "text-start":
        case "text-delta":
        case "text-end":
          return { ...HEARD, events: say("text", part), isAlive: part.type === "text-delta" };
        case "reasoning-start":
        case "reasoning-delta":
        case "reasoning-end":
          return { ...HEARD, events: say("reasoning", part), isAlive: part.type !== "reasoning-start" };
        case "tool-input-delta":
          return HEARD;
        case "tool-call":
          call(part);
          return HEARD;
        case "finish":
          finish = part;
          return { ...HEARD, isLast: true };
        case "error":
          throw failureOf(part.error, quote);
        default:
          response ??= nameOf(part);
          return { ...HEARD, isAlive: false };
      }
    },
    end() {
      const rest = spoken.end();
      const reason = toReason(reasonOf(finish?.finishReason), calls.length > 0);
      if (spoken.isBlank() && calls.length === 0) throw blankAnswer(reason);
      const parts = kept.filter(
        ({ type, text, providerOptions }) => type !== "text" || text !== "" || providerOptions !== undefined,
      );
      const isGiven = parts.some(({ type, providerOptions }) => type !== "text" || providerOptions !== undefined);
      return [
        ...rest,
        ...keepCalls(calls).map((made) => ({ type: "toolCall", call: made }) as const),
        {
          ...{ type: "finish", reason, usage: usageOf(finish?.usage), response },
          ...(isGiven ? { given: { by, fields: { parts } } } : {}),
        },
      ];
    },
    usage: () => usageOf(finish?.usage),
  };
}

/** A call as it goes back. */
function toKept(
  { toolName, providerMetadata }: Extract<LanguageModelV4StreamPart, { type: "tool-call" }>,
  toolCallId: string,
  written: string,
): Kept {
  const input = JSON.parse(readableArguments(written)) as JsonObject;
  return {
    ...{ type: "tool-call", toolCallId, toolName, input },
    ...(providerMetadata === undefined ? {} : { providerOptions: providerMetadata as JsonObject }),
  };
}

function nameOf(part: LanguageModelV4StreamPart): AnswerName | undefined {
  return part.type === "response-metadata" ? readResponse({ id: part.id, model: part.modelId }) : undefined;
}

/** What a package says of a part comes with its begin, in the middle and with its end. */
function mergeOptions(before: JsonObject[string] | undefined, metadata: SharedV4ProviderMetadata): JsonObject {
  const merged: JsonObject = isRecord(before) ? { ...(before as JsonObject) } : {};
  for (const [name, said] of Object.entries(metadata)) {
    const known = merged[name];
    merged[name] = { ...(isRecord(known) ? (known as JsonObject) : {}), ...(said as JsonObject) };
  }
  return merged;
}

/** Why the answer ended, in the words that other servers use; null when its stream ended without an end. */
function reasonOf(said: unknown): string | null {
  const { unified, raw } = isRecord(said) ? said : { unified: said, raw: undefined };
  if (unified === "content-filter") return "content_filter";
  if (unified === "stop" || unified === "length" || unified === "tool-calls" || unified === "error") return unified;
  return typeof raw === "string" ? raw : null;
}

function usageOf(usage: unknown): ReturnType<typeof readUsage> {
  if (!isRecord(usage)) return null;
  const total = (tokens: unknown): unknown => (isRecord(tokens) ? tokens.total : tokens);
  const cached = isRecord(usage.inputTokens) ? usage.inputTokens.cacheRead : usage.cachedInputTokens;
  return readUsage(total(usage.inputTokens), total(usage.outputTokens), cached);
}

function failureOf(error: unknown, quote: Quote): Error {
  return error instanceof Error ? error : toAnswerError(error, JSON.stringify(error) ?? "", quote);
}
