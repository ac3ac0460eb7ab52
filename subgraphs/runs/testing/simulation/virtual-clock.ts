import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";

interface Timer {
  at: number;
  run(): void;
}

/** Time that passes when it is told to: timers, waits and limits of the code under it are those of this clock. */
export interface VirtualClock {
  now(): number;
  /** When the next timer is due. */
  nextAt(): number | undefined;
  /** Goes to a time, at most to that of the next timer, and runs it when it is due. */
  advance(to: number): void;
  clear(): void;
  /** Gives the time of the machine back. */
  uninstall(): void;
}

/** Takes the place of the machine's time and chance in this process until it is uninstalled. */
export function installVirtualClock(startAt: number, random: () => number): VirtualClock {
  let now = startAt;
  const pending = new Set<Timer>();
  const set = (run: () => void, ms = 0): Timer & { unref(): void; ref(): void } => {
    const timer = { at: now + Math.max(0, ms), run, unref: () => timer, ref: () => timer };
    pending.add(timer);
    return timer;
  };
  const clear = (timer: unknown): void => void pending.delete(timer as Timer);
  const sleep = <T>(ms?: number, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const timer = set(() => resolve(value), ms);
      signal?.addEventListener("abort", () => pending.delete(timer) && reject(signal.reason));
    });
  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of pending) if (first === undefined || timer.at < first.at) first = timer;
    return first;
  };
  const restore = [
    replace(globalThis, "setTimeout", set),
    replace(globalThis, "clearTimeout", clear),
    replace(globalThis.performance, "now", () => now - startAt),
    replace(Math, "random", random),
    replace(timers, "setTimeout", sleep),
    replace(AbortSignal, "timeout", (ms: number) => {
      const controller = new AbortController();
      set(() => controller.abort(new DOMException("it took too long", "TimeoutError")), ms);
      return controller.signal;
    }),
  ];
  syncBuiltinESMExports();
  return {
    now: () => now,
    nextAt: () => next()?.at,
    advance(to) {
      now = Math.max(now, to);
      const timer = next();
      if (timer === undefined || timer.at > now) return;
      pending.delete(timer);
      timer.run();
    },
    clear: () => pending.clear(),
    uninstall() {
      for (const back of restore) back();
      syncBuiltinESMExports();
    },
  };
}

function replace(holder: object, name: string, by: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(holder, name);
  Object.defineProperty(holder, name, { value: by, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(holder, name);
    else Object.defineProperty(holder, name, before);
  };
}
