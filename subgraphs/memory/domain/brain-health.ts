/**
 * What SomaBrain is good for just now. NORMAL; DEGRADED: it answers, and its store does not, or late, or it refused writes a
 * moment ago; DOWN: it does not answer, or with nothing that says how it is.
 */
export type BrainState = "NORMAL" | "DEGRADED" | "DOWN";

/** What it said when it was asked how it is, and how long that took. */
export type Probe = { memoryOk: boolean; circuitOpen: boolean; latencyMs: number } | { fault: string };

export interface Health {
  state: BrainState;
  /** Probes in a row that were better than the state. */
  better: number;
}

const ORDER: readonly BrainState[] = ["DOWN", "DEGRADED", "NORMAL"];
/** It was too often well for a moment, between two failures. */
const PROBES_UP = 3;
const SLOW_MS = 1_000;
/** So long after a write was refused by its breaker it is not taken for well. */
const BREAKER_MS = 60_000;

/** Writes at once, and memories of one write. While it is down nothing is written. */
export const LIMITS: Readonly<Record<BrainState, { concurrency: number; batch: number }>> = {
  NORMAL: { concurrency: 4, batch: 100 },
  DEGRADED: { concurrency: 1, batch: 25 },
  DOWN: { concurrency: 0, batch: 0 },
};

/** What one probe says, with how many milliseconds ago a breaker was last seen open. */
export function judge(probe: Probe, breakerAgoMs: number): BrainState {
  if ("fault" in probe) return "DOWN";
  const well = isProof(probe) && probe.latencyMs <= SLOW_MS && breakerAgoMs >= BREAKER_MS;
  return well ? "NORMAL" : "DEGRADED";
}

/**
 * Whether a write that was acknowledged beside such a probe is kept. Its `ok` is not asked: there are builds in which that is
 * false while all is well, and true while the store is dead.
 */
export function isProof(probe: Probe): boolean {
  return "memoryOk" in probe && probe.memoryOk && !probe.circuitOpen;
}

/** Worse at once; better by one after several probes in a row that were. */
export function nextHealth(health: Health | undefined, seen: BrainState): Health {
  if (health === undefined) return { state: seen, better: 0 };
  const [now, then] = [ORDER.indexOf(health.state), ORDER.indexOf(seen)];
  if (then <= now) return { state: seen, better: 0 };
  if (health.better + 1 < PROBES_UP) return { state: health.state, better: health.better + 1 };
  return { state: ORDER[now + 1] ?? seen, better: 0 };
}
