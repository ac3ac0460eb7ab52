import { backoffMs } from "../backoff.ts";

/** Tries that follow at once, as for an event that failed by chance; later ones wait. */
const QUICK_TRIES = 2;
const RETRY = { initialMs: 500, maxMs: 5_000, minMs: 100 };

interface SlowLane<P> {
  /** Where its first event waits. */
  place: P;
  failures: number;
  dueAt: number;
}

/**
 * Lanes, each the events of one key, whose first event was not taken. A source passes over them, so that other keys go on
 * however much one of them holds, and tries the first event of each again: at once at first, then later each time.
 */
export interface SlowLanes<P> {
  readonly size: number;
  has(lane: string): boolean;
  /** Notes that the first event of a lane was not taken. False when as many lanes as there may be are slow already. */
  hold(lane: string, place: P): boolean;
  /** Its first event was taken. */
  free(lane: string): void;
  /** Places of the lanes whose turn to be tried again it is. */
  due(): { lane: string; place: P }[];
  entries(): { lane: string; place: P }[];
}

export function createSlowLanes<P>(max: number, now: () => number = () => performance.now()): SlowLanes<P> {
  const lanes = new Map<string, SlowLane<P>>();
  const entries = () => [...lanes].map(([lane, { place, dueAt }]) => ({ lane, place, dueAt }));
  return {
    get size() {
      return lanes.size;
    },
    has: (lane) => lanes.has(lane),
    hold(lane, place) {
      const failures = (lanes.get(lane)?.failures ?? 0) + 1;
      if (failures === 1 && lanes.size >= max) return false;
      const waitMs = failures < QUICK_TRIES ? 0 : backoffMs(RETRY, failures - QUICK_TRIES + 1);
      lanes.set(lane, { place, failures, dueAt: now() + waitMs });
      return true;
    },
    free: (lane) => void lanes.delete(lane),
    due: () => entries().filter(({ dueAt }) => dueAt <= now()),
    entries,
  };
}
