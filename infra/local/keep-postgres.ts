import { backoffMs } from "@soma/shared/backoff";
import type { Log } from "@soma/shared/log";
import { startLoop } from "@soma/shared/loop";
import { createWakeUp } from "@soma/shared/wake-up";

export interface KeepOptions {
  isRunning(): Promise<boolean>;
  /** Starts it, or finds that somebody else has. Throws when that did not work. */
  start(): Promise<void>;
  log: Log;
  /** Tells people, once for each time it stops and once when it runs again. */
  say(line: string): void;
}

export interface Kept {
  /** Why it does not run; undefined while it does, as far as is known. */
  fault(): string | undefined;
  /** From now on nothing is started. */
  end(): void;
  /** Resolves when a start that was under way has ended. */
  ended(): Promise<void>;
}

const WATCH_MS = 500;
/** Short, so that work goes on soon after a server can start again, such as when its disk has room. */
const AGAIN = { initialMs: 100, maxMs: 2_000, minMs: 100 };

/** Starts PostgreSQL again whenever it has stopped, whatever stopped it, for as long as this process wants it. */
export function keepRunning(options: KeepOptions): Kept {
  const { isRunning, start, log, say } = options;
  const stop = new AbortController();
  const waits = createWakeUp();
  let fault: string | undefined;

  async function startAgain(): Promise<void> {
    const since = performance.now();
    fault = "it has stopped";
    log.warn("PostgreSQL has stopped and is started again");
    say("PostgreSQL has stopped; it is started again");
    for (let failures = 1; !stop.signal.aborted; failures += 1) {
      try {
        await start();
        fault = undefined;
        log.info({ ms: Math.round(performance.now() - since), failures: failures - 1 }, "PostgreSQL runs again");
        return say(`PostgreSQL runs again after ${((performance.now() - since) / 1_000).toFixed(1)} s`);
      } catch (error) {
        fault = (error as Error).message;
        if (isPowerOfTwo(failures)) log.warn({ err: error, failures }, "PostgreSQL could not be started yet");
        await waits.next("try", backoffMs(AGAIN, failures), stop.signal);
      }
    }
  }

  const watch = { name: "postgres-watch", intervalMs: WATCH_MS, maxBackoffMs: AGAIN.maxMs, log };
  const loop = startLoop(watch, async () => {
    if (!stop.signal.aborted && !(await isRunning())) await startAgain();
    return false;
  });
  return { fault: () => fault, end: () => stop.abort(), ended: loop.close };
}

/** An outage of hours is told a dozen times and not in thousands of lines. */
function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
