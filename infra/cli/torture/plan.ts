import { CLASSES, type EffectClass } from "./classes.ts";

/**
 * How the answer of a run's tool is lost once what it does is committed: it throws, it says nothing, its process dies.
 */
type Fault = "throw" | "hang" | "die" | "none";

export interface PlannedRun {
  /** What is paid for; unique, and known before the product has answered. */
  order: string;
  effect: EffectClass;
  fault: Fault;
}

export interface Plan {
  runs: readonly PlannedRun[];
  /** Milliseconds that the product lives from when it answers until its next death; the next one at each call. */
  nextLifeMs(): number;
}

/** Of a hundred runs; a tool that takes its process with it is a restart, which takes as long as many runs. */
const SHARES: readonly [Fault, number][] = [
  ["throw", 24],
  ["hang", 8],
  ["die", 1],
  ["none", 67],
];

interface PlanParams {
  runs: number;
  seed: number;
  killEveryMs: number;
  classes?: readonly EffectClass[];
}

/** Everything that is left to chance, by a seed: the same seed plans the same faults and the same lives. */
export function createPlan({ runs, seed, killEveryMs, classes = CLASSES }: PlanParams): Plan {
  const faults = createRandom(seed);
  const lives = createRandom(seed ^ 0x5bd1e995);
  return {
    runs: Array.from({ length: runs }, (_, index) => ({
      order: `S${seed}-${index + 1}`,
      effect: classes[index % classes.length] as EffectClass,
      fault: chooseFault(faults() * 100),
    })),
    // Twice the mean at most, so that deaths come at every distance from a start.
    nextLifeMs: () => Math.round(lives() * 2 * killEveryMs),
  };
}

function chooseFault(at: number): Fault {
  let end = 0;
  for (const [fault, share] of SHARES) {
    end += share;
    if (at < end) return fault;
  }
  return "none";
}

/** Numbers from 0 up to 1, the same for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
