import { setTimeout } from "node:timers/promises";

/** Tests have one that passes at once. */
export interface Clock {
  now(): number;
  /** Ends early, and without an error, when the signal says so. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  wait: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => {}),
};
