import { OUTAGE_MS, type RetryPolicy } from "@soma/sdk/node";
import { backoffMs } from "@soma/shared/backoff";
import type { SomaError } from "@soma/shared/errors";

/** Longest wait between two tries of such a step, so that it goes on soon after the outage. */
const OUTAGE_PAUSE_MS = 2_000;

export const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 3, initialMs: 200, maxMs: 5_000, outageMs: OUTAGE_MS };

/** Codes that say nothing about the step: something it needs is away, and comes back. */
const OUTAGES: ReadonlySet<string> = new Set([
  "UNAVAILABLE",
  "DATABASE_BUSY",
  "UPSTREAM_UNAVAILABLE",
  "SERVER_DRAINING",
]);

/** True for a failure that counts among the attempts of a step; false for one that only has to be waited out. */
export function isFailure(retry: RetryPolicy, code: string): boolean {
  return (retry.outageMs ?? 0) === 0 || !OUTAGES.has(code);
}

/** How a step went so far in this process. */
export interface Tries {
  /** Failures of the step's own, those of earlier processes included. */
  failures: number;
  /** How often in a row it could not reach what it needs, and for how many milliseconds. */
  outages: number;
  outageMs: number;
  /** Milliseconds since its first attempt here. */
  elapsedMs: number;
}

/** How the step has gone when an attempt has just ended with this code, `elapsedMs` after the first one began. */
export function countTry(retry: RetryPolicy, code: string, before: Tries, elapsedMs: number): Tries {
  if (isFailure(retry, code)) return { failures: before.failures + 1, outages: 0, outageMs: 0, elapsedMs };
  const outageMs = before.outages === 0 ? 0 : before.outageMs + elapsedMs - before.elapsedMs;
  return { failures: before.failures, outages: before.outages + 1, outageMs, elapsedMs };
}

/** Milliseconds until the next attempt after an error, which is counted already; undefined when there is none. */
export function nextAttemptMs(retry: RetryPolicy, error: SomaError, tries: Tries): number | undefined {
  if (!error.retryable || tries.elapsedMs >= (retry.withinMs ?? Number.POSITIVE_INFINITY)) return undefined;
  if (isFailure(retry, error.code))
    return tries.failures < retry.maxAttempts ? backoffMs(retry, tries.failures) : undefined;
  if (tries.outageMs >= (retry.outageMs ?? 0)) return undefined;
  return backoffMs({ ...retry, maxMs: Math.min(retry.maxMs, OUTAGE_PAUSE_MS) }, tries.outages);
}
