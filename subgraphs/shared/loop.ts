import { backoffMs } from "./backoff.ts";
import type { Log } from "./log.ts";

export interface Loop {
  /** Runs the work now instead of at the next tick. A hint: losing one costs at most the interval. */
  wake(): void;
  close(): Promise<void>;
}

export interface LoopOptions {
  name: string;
  intervalMs: number;
  log: Log;
  /** Back-off after an error, doubled up to this many milliseconds, with full jitter. */
  maxBackoffMs?: number;
}

/** Calls `tick` for ever, one at a time, every interval with jitter or when woken; true from `tick` means "more is waiting". */
export function startLoop(options: LoopOptions, tick: () => Promise<boolean>): Loop {
  let stopped = false;
  let failures = 0;
  let woken = false;
  let sleeping: (() => void) | undefined;

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done(): void {
        clearTimeout(timer);
        sleeping = undefined;
        resolve();
      }
      sleeping = done;
    });
  }

  async function once(): Promise<number> {
    try {
      const more = await tick();
      failures = 0;
      return more ? 0 : options.intervalMs * (0.75 + Math.random() * 0.5);
    } catch (error) {
      failures += 1;
      options.log.error({ err: error, loop: options.name, failures }, "a loop failed and goes on");
      return backoffMs({ initialMs: 200, maxMs: options.maxBackoffMs ?? 30_000, minMs: 20 }, failures);
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      woken = false;
      const waitMs = await once();
      if (!stopped && !(woken && failures === 0) && waitMs > 0) await sleep(waitMs);
    }
  }

  const running = run();
  return {
    wake() {
      woken = true;
      if (failures === 0) sleeping?.();
    },
    async close() {
      stopped = true;
      sleeping?.();
      await running;
    },
  };
}
