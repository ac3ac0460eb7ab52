import { isErased } from "@soma/schemas/erased-payload";
import type { Json, JsonObject } from "@soma/schemas/json";
import type { AnyGraph } from "@soma/sdk/graph";
import { inputFaults, inputRefusal } from "@soma/sdk/input-faults";
import { FaultyInput, SomaError } from "@soma/shared/errors";
import { isId } from "@soma/shared/ids";

export const MAX_TEXT_BYTES = 32_768;
export const MAX_INPUT_BYTES = 65_536;

/** The input of a run: an object as its graph declares it, that it can begin with; a text where the graph says no more. */
export function parseRunInput(
  input: Json,
  { name, begin, inputSchema }: Pick<AnyGraph, "name" | "begin" | "inputSchema">,
): JsonObject {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw new SomaError("BAD_INPUT", 'the input of a run is an object, such as {"text": "..."}');
  if (isErased(input))
    throw new SomaError(
      "BAD_INPUT",
      `the input ${JSON.stringify(input)} is what an erased one is replaced by; say it otherwise`,
    );
  const size = Buffer.byteLength(JSON.stringify(input));
  if (size > MAX_INPUT_BYTES)
    throw new SomaError("PAYLOAD_TOO_LARGE", `the input is ${size} bytes; at most ${MAX_INPUT_BYTES} are taken`);
  if (begin === undefined && inputSchema === undefined) return parseText(input);
  const faults = inputSchema === undefined ? [] : inputFaults(inputSchema, input);
  if (faults.length > 0) throw new FaultyInput(inputRefusal(name, faults), faults);
  try {
    begin?.(input);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SomaError("BAD_INPUT", `graph ${name} does not take this input: ${why}`, { cause });
  }
  return input;
}

function parseText(input: JsonObject): JsonObject {
  const { text } = input;
  if (typeof text !== "string" || text.trim() === "")
    throw new FaultyInput("the input has no text; say what the assistant is asked", [
      { path: "/text", message: "is required" },
    ]);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_TEXT_BYTES)
    throw new SomaError("PAYLOAD_TOO_LARGE", `the text is ${bytes} bytes; at most ${MAX_TEXT_BYTES} are taken`);
  return input;
}

export function parseSessionId(value: string | null | undefined): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (!isId(value)) throw new SomaError("BAD_INPUT", `session id "${value.slice(0, 80)}" is not a UUID`);
  return value;
}

/** Each priority of a tenant is a queue for each of its graphs, and a claim looks at so many queues. */
const MOST_PRIORITY = 4;

/** Of what waits of a tenant the lowest goes first; what says nothing is 0. */
export function parsePriority(value: number | null | undefined): number {
  const priority = value ?? 0;
  if (Number.isInteger(priority) && Math.abs(priority) <= MOST_PRIORITY) return priority;
  throw new SomaError("BAD_INPUT", `priority ${value} is not a whole number, -${MOST_PRIORITY} to ${MOST_PRIORITY}`);
}
