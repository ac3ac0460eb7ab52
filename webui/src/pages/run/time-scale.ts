import { isWork, type Timeline } from "./timeline.ts";

/** Where an instant stands between the beginning and the end of a run, from 0 to 1. */
export interface TimeScale {
  from: number;
  to: number;
  place(at: number): number;
  /** Long whiles in which nothing was done, drawn shorter than they were. */
  breaks: readonly Stretch[];
}

interface Stretch {
  from: number;
  to: number;
}

/** Of the whole; a longer while without work would leave too little for the rest. */
const LONG = 0.2;
/** What is left of it, of the width. */
const SHORT = 0.06;

/** A scale from the first event to the newest, or to now while the run goes on. */
export function toScale(timeline: Timeline, now: number, isGoing: boolean): TimeScale {
  const from = timeline.from ?? now;
  const last = timeline.lastAt ?? now;
  const to = Math.max(from + 1, isGoing ? Math.max(now, last) : last);
  const long = idle(timeline, { from, to }, now).filter((each) => lengthOf(each) > LONG * (to - from));
  const left = to - from - long.reduce((sum, each) => sum + lengthOf(each), 0);
  // A run that only waited is drawn as long as it was: there is nothing to leave more room for.
  const [breaks, rest] = left > 0 ? [long, left] : [[], to - from];
  const perMs = (1 - SHORT * breaks.length) / Math.max(1, rest);
  const place = (at: number): number => {
    let [ms, width] = [Math.min(Math.max(at, from), to) - from, 0];
    for (const each of breaks) {
      const within = Math.min(Math.max(at - each.from, 0), lengthOf(each));
      ms -= within;
      width += (SHORT * within) / lengthOf(each);
    }
    return Math.min(1, Math.max(0, ms * perMs + width));
  };
  return { from, to, place, breaks };
}

/** Whiles of a run in which no step worked. */
function idle({ spans }: Timeline, { from, to }: Stretch, now: number): Stretch[] {
  const busy: Stretch[] = [];
  for (const segments of spans.values())
    for (const each of segments) if (isWork(each.kind)) busy.push({ from: each.from, to: each.to ?? now });
  busy.sort((a, b) => a.from - b.from);
  const found: Stretch[] = [];
  let until = from;
  for (const each of busy) {
    if (each.from > until) found.push({ from: until, to: each.from });
    until = Math.max(until, each.to);
  }
  if (to > until) found.push({ from: until, to });
  return found;
}

function lengthOf({ from, to }: Stretch): number {
  return to - from;
}
