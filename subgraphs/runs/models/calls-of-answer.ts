import { hash } from "node:crypto";
import { isRecord } from "@soma/schemas/json";
import { ModelError } from "./model-error.ts";

/** Most tool calls of one answer that are read. */
export const MAX_TOOL_CALLS = 64;
/** What a call is called that names no tool: there is none of this name, and the model is told so. */
export const NAMELESS = "call_without_a_name";
/** Characters of arguments that were no JSON which the model is shown again. */
const UNREADABLE_LENGTH = 2_000;

export function tooManyCalls(): ModelError {
  return new ModelError("MODEL_FAILED", `the answer has more than ${MAX_TOOL_CALLS} tool calls`);
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
