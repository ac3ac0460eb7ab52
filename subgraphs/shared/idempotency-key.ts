import { SomaError } from "./errors.ts";
import { isStorableText } from "./json.ts";

const MAX_LENGTH = 200;

/** Idempotency keys are the caller's own words: 1 to 200 characters that Postgres can keep. Throws BAD_INPUT. */
export function checkIdempotencyKey(key: string): void {
  if (key.length < 1 || key.length > MAX_LENGTH)
    throw new SomaError("BAD_INPUT", `the idempotency key has ${key.length} characters; it needs 1 to ${MAX_LENGTH}`);
  if (!isStorableText(key))
    throw new SomaError("BAD_INPUT", "the idempotency key holds NUL or half a surrogate pair; send one without them");
}
