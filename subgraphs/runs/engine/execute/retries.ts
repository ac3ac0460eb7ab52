import type { RetryPolicy } from "@soma/sdk/node";
import { nextTry, type Tries } from "@soma/sdk/retries";
import { backoffMs } from "@soma/shared/backoff";
import type { SomaError } from "@soma/shared/errors";

/** Milliseconds until the next attempt after an error, which is counted already; undefined when there is none. */
export function nextAttemptMs(retry: RetryPolicy, error: SomaError, tries: Tries, now: Date): number | undefined {
  const { code, retryable } = error;
  const retryAfterMs = "retryAfterMs" in error && typeof error.retryAfterMs === "number" ? error.retryAfterMs : 0;
  const next = nextTry(retry, { code, retryable, retryAfterMs }, tries, now);
  return next && Math.max(next.atLeastMs, backoffMs(next.backoff, next.failures));
}
