import type { FinishReason } from "@soma/sdk/model-client";
import { ModelError } from "./model-error.ts";

/** Most bytes of one answer, with everything in it. */
export const MAX_ANSWER_BYTES = 1_000_000;

export function tooLongAnswer(): ModelError {
  return new ModelError("MODEL_FAILED", `the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
}

/** What servers say when an answer was cut at a limit of tokens. */
const CUT = new Set(["length", "model_length", "max_tokens", "max_output_tokens"]);
/** What they say when they gave up, and the answer is none. */
const GIVEN_UP = new Set(["error", "abort", "aborted", "cancelled", "canceled"]);

/** A server that calls tools with reason "stop" means "tool_calls"; a reason we do not know is a stop. */
export function toReason(said: string | null, hasCalls: boolean): FinishReason {
  if (said === null) throw new ModelError("MODEL_FAILED", "the stream ended before the answer was finished");
  const reason = said.toLowerCase();
  if (GIVEN_UP.has(reason)) throw new ModelError("MODEL_FAILED", `the server gave the answer up (${reason})`);
  if (reason === "insufficient_system_resource")
    throw new ModelError("UPSTREAM_UNAVAILABLE", "the server has no room for the answer now");
  if (CUT.has(reason)) return "length";
  if (reason === "content_filter") return reason;
  return hasCalls ? "tool_calls" : "stop";
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
