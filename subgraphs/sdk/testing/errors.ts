import type { FailedTry } from "../retries.ts";

/** Codes of StepError after which another attempt may do better. */
const RETRYABLE: ReadonlySet<string> = new Set(["STEP_FAILED", "STEP_NOT_DONE", "UNAVAILABLE"]);

/** What a node threw, as the engine takes it. Errors of the platform say for themselves whether to try again. */
export function toFailedTry(error: unknown): FailedTry & { message: string } {
  if (!(error instanceof Error)) return { code: "INTERNAL", retryable: false, message: String(error) };
  const { message, name } = error;
  if (name === "AbortError") return { code: "CANCELED", retryable: false, message };
  if (name === "TimeoutError") return { code: "TIMEOUT", retryable: true, message };
  const { code, retryable, retryAfterMs } = error as { code?: unknown; retryable?: unknown; retryAfterMs?: unknown };
  const atLeast = { retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : null };
  if (name === "StepError" && typeof code === "string")
    return { code, retryable: RETRYABLE.has(code), message, ...atLeast };
  if (typeof code !== "string" || typeof retryable !== "boolean")
    return { code: "INTERNAL", retryable: false, message };
  return { code, retryable, message, ...atLeast };
}
