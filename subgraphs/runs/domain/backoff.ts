export interface RetryPolicy {
  /** Attempts in all, the first included. */
  maxAttempts: number;
  initialMs: number;
  maxMs: number;
}

/** Milliseconds to wait after the given number of failures: doubling, with full jitter; `random` is 0 to 1. */
export function backoffMs(policy: RetryPolicy, failures: number, random: number): number {
  return Math.round(random * Math.min(policy.maxMs, policy.initialMs * 2 ** (failures - 1)));
}
