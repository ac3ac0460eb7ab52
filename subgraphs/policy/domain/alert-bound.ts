/** How many alerts are kept at once, and how many in a minute after that: a rule that tells of everything must not fill the audit. */
const AT_ONCE = 300;
const PER_MINUTE = 600;

export interface AlertBound {
  perMinute: number;
  admits(nowMs: number): boolean;
}

/** Counts the alerts of this process. */
export function createAlertBound(): AlertBound {
  let left = AT_ONCE;
  let lastMs: number | undefined;
  return {
    perMinute: PER_MINUTE,
    admits(nowMs) {
      const passedMs = Math.max(0, nowMs - (lastMs ?? nowMs));
      lastMs = nowMs;
      left = Math.min(AT_ONCE, left + (passedMs / 60_000) * PER_MINUTE);
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
