/** A limit on how many things happen at a time. */
export interface Slots {
  /** Waits for a free slot and returns its release; rejects with the signal's reason when that comes first. */
  take(signal: AbortSignal): Promise<() => void>;
}

/** The newest to ask is served first: it is what the reader looks at. */
export function createSlots(limit: number): Slots {
  const waiting: (() => void)[] = [];
  let free = limit;

  const release = (): void => {
    free += 1;
    waiting.pop()?.();
  };
  const claim = (): (() => void) => {
    free -= 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      release();
    };
  };

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) return claim();
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          waiting.splice(waiting.indexOf(grant), 1);
          reject(signal.reason);
        };
        const grant = (): void => {
          signal.removeEventListener("abort", onAbort);
          resolve(claim());
        };
        signal.addEventListener("abort", onAbort, { once: true });
        waiting.push(grant);
      });
    },
  };
}
