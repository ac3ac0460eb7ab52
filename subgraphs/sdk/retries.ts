import type { RetryPolicy } from "./node.ts";

/**
 * Longest wait between two tries of such a step at the begin of an outage, so that it goes on soon after a short one.
 */
const OUTAGE_PAUSE_MS = 2_000;
/** Of a long one: a tenth of what it has taken, at most this. */
const MAX_OUTAGE_PAUSE_MS = 60_000;

export const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 3, initialMs: 200, maxMs: 60_000 };

/** Codes that say nothing about the step: something it needs is away, and comes back. */
const OUTAGES: ReadonlySet<string> = new Set([
  "UNAVAILABLE",
  "BUDGET_BUSY",
  "DATABASE_BUSY",
  "UPSTREAM_UNAVAILABLE",
  "SERVER_DRAINING",
]);

/** Whether a code says that something is away for a while. */
export function isOutage(code: string): boolean {
  return OUTAGES.has(code);
}

/** True for a failure that counts among the attempts of a step; false for one that only has to be waited out. */
function isFailure(retry: RetryPolicy, code: string): boolean {
  return retry.outageMs === 0 || !isOutage(code);
}

/** How a step went so far, in whichever processes. */
export interface Tries {
  /** Failures of the step's own, and the milliseconds they took together. */
  failures: number;
  failedMs: number;
  /** How often in a row it could not reach what it needs, and since when. */
  outages: number;
  awaySince: Date | undefined;
}

export const NO_TRIES: Tries = { failures: 0, failedMs: 0, outages: 0, awaySince: undefined };

/** How the step has gone when an attempt has ended with this code. */
export function countTry(
  retry: RetryPolicy,
  code: string,
  before: Tries,
  attempt: { beganAt: Date; endedAt: Date },
): Tries {
  const { beganAt, endedAt } = attempt;
  if (!isFailure(retry, code))
    return { ...before, outages: before.outages + 1, awaySince: before.awaySince ?? endedAt };
  const tookMs = Math.max(0, endedAt.getTime() - beganAt.getTime());
  return { failures: before.failures + 1, failedMs: before.failedMs + tookMs, outages: 0, awaySince: undefined };
}

/** Whether an attempt that ended with this code may have done what its step does. */
export function leavesUnsettled(code: string): boolean {
  return code !== "STEP_NOT_DONE";
}

/** What an attempt ended with, as far as the next one asks. */
export interface FailedTry {
  code: string;
  retryable: boolean;
  /** What asks to be left alone for a while would only refuse again before. */
  retryAfterMs?: number | null;
}

/** How long the next attempt waits: by the back-off after so many failures, and no shorter than it was asked for. */
export interface NextTry {
  backoff: { initialMs: number; maxMs: number };
  failures: number;
  atLeastMs: number;
}

/** The next attempt after an error, which is counted already; undefined when there is none. */
export function nextTry(retry: RetryPolicy, error: FailedTry, tries: Tries, now: Date): NextTry | undefined {
  if (!error.retryable) return undefined;
  const atLeastMs = error.retryAfterMs ?? 0;
  if (isFailure(retry, error.code)) {
    const isOver =
      tries.failures >= retry.maxAttempts || tries.failedMs >= (retry.withinMs ?? Number.POSITIVE_INFINITY);
    return isOver ? undefined : { backoff: retry, failures: tries.failures, atLeastMs };
  }
  const awayMs = now.getTime() - (tries.awaySince ?? now).getTime();
  if (awayMs >= (retry.outageMs ?? Number.POSITIVE_INFINITY)) return undefined;
  const pauseMs = Math.min(MAX_OUTAGE_PAUSE_MS, Math.max(OUTAGE_PAUSE_MS, awayMs / 10));
  const backoff = { initialMs: retry.initialMs, maxMs: Math.min(retry.maxMs, pauseMs) };
  return { backoff, failures: tries.outages, atLeastMs };
}
