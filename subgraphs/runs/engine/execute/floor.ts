import { MAX_TIMER_MS } from "@soma/shared/max-timer";
import { ANY_SIGNAL } from "../../domain/signal-input.ts";
import type { RunWait } from "../../store/commit-batch.ts";
import type { Entry, Journal } from "../journal/journal.ts";
import type { RunContext } from "./run-context.ts";

/** Why a branch of a run stands still. */
interface Rest {
  /** What the history has to tell of it; left out when it has been told. */
  entry?: Entry;
  /** What it waits for; left out when it is the run that is to be paused. */
  wait?: RunWait;
}

/** `go`: what was waited for may be there, look again. `parked`: the run is nobody's now, let go of it. */
export type Rested = "go" | "parked";

/** How many branches of a run are at work, so that the last one to stand still parks it. */
export interface Floor {
  /** So many branches more are at work, or one less. */
  enter(branches: number): void;
  leave(): void;
  /** The caller's branch stands still until it may go on, until `signal` is aborted, or until the run was parked. */
  rest(rest: Rest, signal: AbortSignal): Promise<Rested>;
}

interface Resting extends Rest {
  since: number;
  end(how: Rested): void;
}

/** A run begins with one branch, its own graph. */
export function createFloor({ context, journal }: { context: RunContext; journal: Journal }): Floor {
  const resting = new Set<Resting>();
  let atWork = 1;

  function comeToRest(entry: Entry | undefined): void {
    const all = [...resting];
    if (all.some(({ wait }) => wait === undefined)) {
      if (entry !== undefined) journal.write(entry);
      journal.park({ kind: "RUN_PAUSED", payload: {} }, { ms: null, signal: null });
    } else {
      journal.park(entry ?? { kind: "RUN_PARKED", payload: {} }, earliest(all));
    }
    for (const each of all) each.end("parked");
  }

  context.onHeed(() => {
    for (const each of resting) if (mayGoOn(each, context)) each.end("go");
  });

  return {
    enter(branches) {
      atWork += branches;
    },
    leave() {
      atWork -= 1;
      if (atWork === 0 && resting.size > 0) comeToRest(undefined);
    },
    rest(rest, signal) {
      if (signal.aborted) return Promise.resolve("go");
      return new Promise((resolve) => {
        const ms = rest.wait?.ms ?? null;
        const timer =
          ms === null || atWork === 1 ? undefined : setTimeout(() => each.end("go"), Math.min(ms, MAX_TIMER_MS));
        const stop = (): void => each.end("go");
        const each: Resting = {
          ...rest,
          since: performance.now(),
          end(how) {
            if (!resting.delete(each)) return;
            clearTimeout(timer);
            signal.removeEventListener("abort", stop);
            if (how === "go") atWork += 1;
            resolve(how);
          },
        };
        signal.addEventListener("abort", stop);
        resting.add(each);
        atWork -= 1;
        if (atWork === 0) comeToRest(rest.entry);
        else if (rest.entry !== undefined) journal.write(rest.entry);
      });
    },
  };
}

function mayGoOn({ wait }: Rest, context: RunContext): boolean {
  if (wait === undefined) return !context.pausing();
  return context.pausing() ? false : wait.signal !== null && context.signals() > wait.signal.seen;
}

/** What a run waits for of which each branch waits for something: the first of all times, and any of their signals. */
function earliest(all: readonly Resting[]): RunWait {
  const now = performance.now();
  const times = all.flatMap(({ wait, since }) =>
    wait === undefined || wait.ms === null ? [] : [wait.ms - (now - since)],
  );
  const signals = all.flatMap(({ wait }) => wait?.signal ?? []);
  const [first] = signals;
  return {
    ms: times.length === 0 ? null : Math.max(0, Math.round(Math.min(...times))),
    isAsking: all.some(({ wait }) => wait?.isAsking === true),
    signal:
      first === undefined
        ? null
        : {
            name: signals.every(({ name }) => name === first.name) ? first.name : ANY_SIGNAL,
            seen: Math.min(...signals.map(({ seen }) => seen)),
          },
  };
}
