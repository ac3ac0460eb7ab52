import { hash } from "node:crypto";
import { isRecord } from "@soma/schemas/json";
import type { ToolCall } from "@soma/sdk/model-client";
import { ModelError } from "./model-error.ts";

/** Most tool calls of one answer that are kept; of the others the model hears that they were not made. */
export const MAX_TOOL_CALLS = 64;
/** An answer with more is none: what is looked for among so many takes too long. */
export const MAX_READ_CALLS = 1_024;
/** Characters that the names of calls have which are not kept. */
const NAMES_LENGTH = 300;
/** What a call is called that names no tool: there is none of this name, and the model is told so. */
export const NAMELESS = "call_without_a_name";
/** Characters of arguments that were no JSON which the model is shown again. */
const UNREADABLE_LENGTH = 2_000;

export function tooManyCalls(): ModelError {
  return new ModelError("MODEL_FAILED", `the answer has more than ${MAX_READ_CALLS} tool calls`);
}

/** The calls that are kept of an answer; the last of them tells the model which others there were. */
export function keepCalls(calls: readonly ToolCall[]): ToolCall[] {
  const kept = calls.slice(0, MAX_TOOL_CALLS);
  const left = calls.slice(MAX_TOOL_CALLS);
  const last = kept.at(-1);
  if (left.length === 0 || last === undefined) return kept;
  const names = [...new Set(left.map(({ name }) => name))].join(", ").slice(0, NAMES_LENGTH);
  const refused =
    `not called: ${calls.length} calls at once are more than ${MAX_TOOL_CALLS}; ` +
    `neither this one was made nor the ${left.length} after it (${names}); ask for them again after these`;
  return [...kept.slice(0, -1), { ...last, refused }];
}

/**
 * Ids for the calls of one answer, in order: the server's own, or `call_<position>` where it gave none or one twice.
 */
export function createCallIds(): (given: string | null) => string {
  const taken = new Set<string>();
  return (given) => {
    const own = `call_${taken.size}`;
    let id = given ?? own;
    if (taken.has(id)) id = own;
    while (taken.has(id)) id += "_";
    taken.add(id);
    return id;
  };
}

/** Nine letters and digits, made of our id: every server takes such an id, and some take no other. */
export function foreignId(id: string): string {
  return hash("sha256", id, "hex").slice(0, 9);
}

/**
 * Arguments as a model's server takes them back: servers parse what they are sent, and fail on what their model wrote
 * wrongly before.
 */
export function readableArguments(written: string): string {
  try {
    if (isRecord(JSON.parse(written))) return written;
  } catch {
    // Told to the model below.
  }
  return JSON.stringify({ unreadable: written.slice(0, UNREADABLE_LENGTH).toWellFormed() });
}
