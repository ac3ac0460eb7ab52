import { SomaError } from "@soma/shared/errors";

/** Idempotency keys are the caller's own words: 1 to 200 characters, none of them NUL, which Postgres does not store. */
export function checkCallKey(key: string): void {
  if (key.length < 1 || key.length > 200)
    throw new SomaError("BAD_INPUT", `the idempotency key has ${key.length} characters; it needs 1 to 200`);
  if (key.includes("\u0000")) throw new SomaError("BAD_INPUT", "the idempotency key has a NUL character; leave it out");
}
