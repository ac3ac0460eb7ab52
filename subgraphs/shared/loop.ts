import { backoffMs } from "./backoff.ts";
import { toSomaError } from "./errors.ts";
import type { Log } from "./log.ts";
import { createStandstill } from "./standstill.ts";

export interface Loop {
  /** Runs the work now instead of at the next tick. A hint: losing one costs at most the interval. */
  wake(): void;
  /** Throws UNAVAILABLE while the loop has failed, or been in one round, for so long that its work must be said to stand still. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * One round; true means "more is waiting". It calls `done` when what is bounded in time has been done: what it does then may
 * last, or fail for a while, and the loop does not stand still.
 */
export type Tick = (done: () => void) => Promise<boolean>;

export interface LoopOptions {
  name: string;
  intervalMs: number;
  log: Log;
  /** While there is nothing to do the interval doubles up to this many milliseconds; it stays when left out. */
  maxIdleMs?: number;
  /** Back-off after an error, doubled up to this many milliseconds, with full jitter. */
  maxBackoffMs?: number;
}

const BACKOFF = { initialMs: 200, minMs: 20 };
const MAX_BACKOFF_MS = 30_000;
/** While the database or a peer is away: work goes on within 5 s after it is back, and asking costs little. */
const MAX_AWAY_MS = 2_000;

/** Calls `tick` for ever, one at a time, every interval with jitter or when woken. */
export function startLoop(options: LoopOptions, tick: Tick): Loop {
  const { log, name, maxBackoffMs = MAX_BACKOFF_MS } = options;
  let stopped = false;
  let failures = 0;
  /** Whether the last failure said only that something is away. */
  let away = false;
  let idleMs = options.intervalMs;
  let woken = false;
  let sleeping: (() => void) | undefined;
  let long = false;
  const standstill = createStandstill(name, () => {
    long = true;
    log.warn({ loop: name }, "a round of a loop takes long");
  });

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
    standstill.begun();
    try {
      const more = await tick(standstill.done);
      standstill.done();
      if (failures > 0 || long) log.info({ loop: name, failures }, "a loop goes on");
      failures = 0;
      away = false;
      long = false;
      const waitMs = idleMs;
      idleMs = more ? options.intervalMs : Math.min(idleMs * 2, Math.max(idleMs, options.maxIdleMs ?? 0));
      return more ? 0 : waitMs * (0.75 + Math.random() * 0.5);
    } catch (error) {
      standstill.failed(error);
      failures += 1;
      return backoffMs({ ...BACKOFF, maxMs: tell(error) }, failures);
    }
  }

  /** Logs the failure, an outage once and not at each try; gives the longest wait before the next one. */
  function tell(error: unknown): number {
    if (toSomaError(error).code !== "UNAVAILABLE") {
      away = false;
      log.error({ err: error, loop: name, failures }, "a loop failed and goes on");
      return maxBackoffMs;
    }
    if (!away) log.warn({ err: error, loop: name }, "a loop waits for what is away");
    away = true;
    return Math.min(maxBackoffMs, MAX_AWAY_MS);
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
      idleMs = options.intervalMs;
      if (failures === 0) sleeping?.();
    },
    async check() {
      const fault = standstill.fault();
      if (fault !== undefined) throw fault;
    },
    async close() {
      stopped = true;
      sleeping?.();
      await running;
      standstill.close();
    },
  };
}
