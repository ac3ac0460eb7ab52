import type { FinishReason } from "@soma/sdk/model-client";
import { ModelError } from "./model-error.ts";

/** Most bytes of one answer, with everything in it. */
export const MAX_ANSWER_BYTES = 1_000_000;

export function tooLongAnswer(): ModelError {
  return new ModelError("MODEL_FAILED", `the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
}

/** What servers say when an answer is whole. */
const STOPPED = new Set([
  ...["stop", "end_turn", "eos", "eos_token", "stop_sequence", "complete", "completed"],
  ...["tool_calls", "tool-calls", "tool_call", "function_call", "tool_use"],
]);
/** What they say when it was cut at a limit of tokens, and when somebody held the rest of it back. */
const CUT = /length|max_(?:\w+_)?tokens|token_limit|context_window/;
const FILTERED = /filter|safety|sensitive|recitation|refusal|guardrail|moderation|blocklist|prohibited|spii/;

/** A server that calls tools with reason "stop" means "tool_calls"; with a reason we do not know the answer is none. */
export function toReason(said: string | null, hasCalls: boolean): FinishReason {
  if (said === null) throw new ModelError("MODEL_FAILED", "the stream ended before the answer was finished");
  const reason = said.toLowerCase();
  if (reason === "insufficient_system_resource")
    throw new ModelError("UPSTREAM_UNAVAILABLE", "the server has no room for the answer now");
  if (STOPPED.has(reason)) return hasCalls ? "tool_calls" : "stop";
  if (CUT.test(reason)) return "length";
  if (FILTERED.test(reason)) return "content_filter";
  throw new ModelError("MODEL_FAILED", `the server gave the answer up (${reason.slice(0, 60)})`);
}

/** Blanks are no answer, and neither is what was only thought. */
export function blankAnswer(reason: FinishReason): ModelError {
  if (reason === "length")
    return new ModelError(
      "MODEL_REFUSED",
      "the model reached its token limit before it said anything; raise maxOutputTokens of the model profile",
    );
  if (reason === "content_filter")
    return new ModelError("MODEL_REFUSED", "the server's content filter held the whole answer back");
  return new ModelError("MODEL_FAILED", "the model finished without text and without a tool call");
}
