/** Hints inside one process that an invocation changed. Whoever waits also polls, so a lost hint costs a poll's interval. */
export interface WakeUp {
  changed(invocationId: string): void;
  /** Resolves at the next change, after `limitMs`, or when the signal aborts. Ask before reading what may change. */
  next(invocationId: string, limitMs: number, signal?: AbortSignal): Promise<void>;
}

export function createWakeUp(): WakeUp {
  const waiting = new Map<string, Set<() => void>>();

  return {
    changed(invocationId) {
      for (const wake of waiting.get(invocationId) ?? []) wake();
    },
    next(invocationId, limitMs, signal) {
      return new Promise((resolve) => {
        const all = waiting.get(invocationId) ?? new Set();
        waiting.set(invocationId, all);
        const timer = setTimeout(wake, limitMs);
        function wake(): void {
          clearTimeout(timer);
          signal?.removeEventListener("abort", wake);
          all.delete(wake);
          if (all.size === 0 && waiting.get(invocationId) === all) waiting.delete(invocationId);
          resolve();
        }
        all.add(wake);
        signal?.addEventListener("abort", wake, { once: true });
        if (signal?.aborted === true) wake();
      });
    },
  };
}
