/**
 * Hints that something changed, by name: the id of a run or an invocation, or "work". Postgres is the truth and whoever
 * waits also polls, or has lost-hints.ts look for all who wait, so a lost hint costs an interval and never an event.
 */
export interface WakeUp {
  /** Says that the named thing changed. */
  changed(name: string): void;
  /** Calls the listener at each change until the function it gives is called. */
  on(name: string, listener: () => void): () => void;
  /** Resolves at the next change, after `limitMs`, or when the signal aborts. Ask before reading what may change. */
  next(name: string, limitMs: number, signal?: AbortSignal): Promise<void>;
}

export interface LocalWakeUp extends WakeUp {
  /** Calls the listener at each change of whatever, until the function it gives is called. */
  onAny(listener: () => void): () => void;
  /** Says that anything may have changed: hints were lost, of what nobody knows. */
  allChanged(): void;
}

/** Hints inside one process. */
export function createWakeUp(): LocalWakeUp {
  const listeners = new Map<string, Set<() => void>>();
  const ofAny = new Set<() => void>();

  function on(name: string, listener: () => void): () => void {
    const all = listeners.get(name) ?? new Set();
    listeners.set(name, all.add(listener));
    return () => {
      all.delete(listener);
      if (all.size === 0 && listeners.get(name) === all) listeners.delete(name);
    };
  }

  return {
    changed(name) {
      for (const listener of [...(listeners.get(name) ?? []), ...ofAny]) listener();
    },
    allChanged() {
      for (const all of [...listeners.values(), ofAny]) for (const listener of [...all]) listener();
    },
    on,
    onAny(listener) {
      ofAny.add(listener);
      return () => ofAny.delete(listener);
    },
    next(name, limitMs, signal) {
      return new Promise((resolve) => {
        const timer = setTimeout(wake, limitMs);
        const off = on(name, wake);
        function wake(): void {
          clearTimeout(timer);
          signal?.removeEventListener("abort", wake);
          off();
          resolve();
        }
        signal?.addEventListener("abort", wake, { once: true });
        if (signal?.aborted === true) wake();
      });
    },
  };
}
