import type { JsonObject } from "@soma/schemas/json";
import type { ChatEvent, FinishReason, ToolCall } from "@soma/sdk/model-client";
import { ModelError } from "../model-error.ts";
import { createCalls } from "./calls.ts";
import { mergeExtra } from "./merge-extra.ts";
import { createThinkingTags, type Said } from "./thinking-tags.ts";
import type { WireChunk } from "./wire-chunk.ts";

/** Most bytes of one answer, with everything in it. */
export const MAX_ANSWER_BYTES = 1_000_000;

export interface Answer {
  /** Takes the next chunk and gives what it says. Throws MODEL_FAILED when the answer grows beyond its bounds. */
  add(chunk: WireChunk): Said[];
  /** The rest of the text, the tool calls and the finish. Throws when the stream ended too early, or held no answer. */
  end(): ChatEvent[];
}

export interface AnswerOptions {
  /** Name of the server and model, for what is only for them. */
  by: string;
  /** Tools that the model was offered. */
  tools: readonly string[];
}

/** Puts an answer together from its chunks. */
export function createAnswer({ by, tools }: AnswerOptions): Answer {
  const calls = createCalls(tools);
  const tags = createThinkingTags();
  let bytes = 0;
  let hasText = false;
  let finishReason: string | null = null;
  let usage: WireChunk["usage"] = null;
  let extra: JsonObject = {};

  const hear = (all: Said[]): Said[] => {
    for (const said of all) {
      if (said.type === "answerBegins") hasText = false;
      else if (said.type === "text") hasText ||= said.delta.trim() !== "";
    }
    return all;
  };
  return {
    add(chunk) {
      finishReason = chunk.finishReason ?? finishReason;
      usage = chunk.usage ?? usage;
      bytes += sizeOf(chunk);
      if (bytes > MAX_ANSWER_BYTES)
        throw new ModelError("MODEL_FAILED", `the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
      for (const piece of chunk.toolCalls) calls.add(piece);
      extra = mergeExtra(extra, chunk.extra);
      const thought: Said[] = chunk.thinking === "" ? [] : [{ type: "thinking", delta: chunk.thinking }];
      return [...thought, ...hear(tags.add(chunk.text))];
    },
    end() {
      const rest = hear(tags.end());
      const made = calls.end();
      const reason = toReason(finishReason, made);
      if (!hasText && made.length === 0) throw blank(reason);
      const isGiven = made.length > 0 || Object.keys(extra).length > 0;
      return [
        ...rest,
        ...made.map((call) => ({ type: "toolCall", call }) as const),
        { type: "finish", reason, usage, ...(isGiven ? { given: { by, fields: extra } } : {}) },
      ];
    },
  };
}

function sizeOf({ text, thinking, toolCalls, extra }: WireChunk): number {
  const more = [extra, ...toolCalls.map((call) => call.extra)].filter((fields) => Object.keys(fields).length > 0);
  const written = toolCalls.map((call) => call.arguments);
  return [text, thinking, ...written, ...more.map((fields) => JSON.stringify(fields))].reduce(
    (sum, part) => sum + Buffer.byteLength(part),
    0,
  );
}

/** What servers say when an answer was cut at a limit of tokens. */
const CUT = new Set(["length", "model_length", "max_tokens", "max_output_tokens"]);
/** What they say when they gave up, and the answer is none. */
const GIVEN_UP = new Set(["error", "abort", "aborted", "cancelled", "canceled"]);

/** A server that calls tools with reason "stop" means "tool_calls"; a reason we do not know is a stop. */
function toReason(said: string | null, calls: readonly ToolCall[]): FinishReason {
  if (said === null) throw new ModelError("MODEL_FAILED", "the stream ended before the answer was finished");
  const reason = said.toLowerCase();
  if (GIVEN_UP.has(reason)) throw new ModelError("MODEL_FAILED", `the server gave the answer up (${reason})`);
  if (reason === "insufficient_system_resource")
    throw new ModelError("UPSTREAM_UNAVAILABLE", "the server has no room for the answer now");
  if (CUT.has(reason)) return "length";
  if (reason === "content_filter") return reason;
  return calls.length > 0 ? "tool_calls" : "stop";
}

/** Blanks are no answer, and neither is what was only thought. */
function blank(reason: FinishReason): ModelError {
  if (reason === "length")
    return new ModelError(
      "MODEL_REFUSED",
      "the model reached its token limit before it said anything; raise maxOutputTokens of the model profile",
    );
  if (reason === "content_filter")
    return new ModelError("MODEL_REFUSED", "the server's content filter held the whole answer back");
  return new ModelError("MODEL_FAILED", "the model finished without text and without a tool call");
}
