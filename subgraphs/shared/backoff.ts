/** Waits between tries that fail: doubled from `initialMs` up to `maxMs`. */
export interface Backoff {
  initialMs: number;
  maxMs: number;
  /** Milliseconds to wait at least; 0 when left out. */
  minMs?: number;
}

/**
 * The one back-off: milliseconds to wait after the given number of failures, the first is 1. Full jitter, so that many who
 * failed together do not come back together; `random` is 0 to 1.
 */
export function backoffMs(policy: Backoff, failures: number, random: number = Math.random()): number {
  const { initialMs, maxMs, minMs = 0 } = policy;
  const limit = Math.min(maxMs, initialMs * 2 ** Math.min(Math.max(0, failures - 1), 30));
  return Math.round(minMs + random * Math.max(0, limit - minMs));
}
