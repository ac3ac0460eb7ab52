import { SomaError } from "./errors.ts";

export interface Slots {
  /** Runs the work when a slot is free; throws LIMIT_EXCEEDED when none becomes free in time. */
  use<T>(work: () => Promise<T>): Promise<T>;
}

/** At most `count` works at once; others wait their turn for `waitMs` at most. */
export function createSlots(count: number, waitMs = 5_000): Slots {
  const queue: (() => void)[] = [];
  let used = 0;

  function enter(): Promise<void> {
    if (used < count) {
      used += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(start), 1);
        reject(
          new SomaError(
            "LIMIT_EXCEEDED",
            `all ${count} places are taken, and none became free within ${waitMs} ms; try again`,
          ),
        );
      }, waitMs);
      function start(): void {
        clearTimeout(timer);
        resolve();
      }
      queue.push(start);
    });
  }

  return {
    async use(work) {
      await enter();
      try {
        return await work();
      } finally {
        // The slot goes to the next in line, or becomes free.
        const next = queue.shift();
        if (next === undefined) used -= 1;
        else next();
      }
    },
  };
}

export interface KeyedSlots {
  /** Like `Slots.use()`, among the works of the same key. */
  use<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/** Slots of its own for each key, forgotten when nobody uses them. */
export function createKeyedSlots(count: number, waitMs?: number): KeyedSlots {
  const byKey = new Map<string, { slots: Slots; users: number }>();
  return {
    async use(key, work) {
      const entry = byKey.get(key) ?? { slots: createSlots(count, waitMs), users: 0 };
      byKey.set(key, entry);
      entry.users += 1;
      try {
        return await entry.slots.use(work);
      } finally {
        entry.users -= 1;
        if (entry.users === 0) byKey.delete(key);
      }
    },
  };
}
