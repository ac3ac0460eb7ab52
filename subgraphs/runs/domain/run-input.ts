import type { Json, JsonObject } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import { isId } from "@soma/shared/ids";

/** A run may take this long; what is still running then is canceled. */
export const RUN_LIMIT_MS = 60 * 60 * 1_000;
export const MAX_TEXT_BYTES = 32_768;
export const MAX_INPUT_BYTES = 65_536;

/** The input of a run: an object; when it has a text, the text is not empty and at most 32 KB. */
export function parseRunInput(input: Json): JsonObject {
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw new SomaError("BAD_INPUT", 'the input of a run is an object, such as {"text": "..."}');
  const size = Buffer.byteLength(JSON.stringify(input));
  if (size > MAX_INPUT_BYTES)
    throw new SomaError("PAYLOAD_TOO_LARGE", `the input is ${size} bytes; at most ${MAX_INPUT_BYTES} are taken`);
  const { text } = input;
  if (typeof text !== "string" || text.trim() === "")
    throw new SomaError("BAD_INPUT", "the input has no text; say what the assistant is asked");
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
