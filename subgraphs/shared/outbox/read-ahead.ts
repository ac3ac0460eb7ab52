import type { OutboxRow } from "./store/read-due-rows.ts";

/** Shorter than what is left of a lease when rows are read under it, so that they are still of whoever has them. */
const FRESH_MS = 4_000;
/** So many rounds in a row begin behind the one before; the next one looks for what was written earlier and committed late. */
const IN_A_ROW = 8;

/** Rows that stand behind those that are being sent. */
export interface ReadAhead {
  /** Starts to read what stands behind these. */
  start(rows: readonly OutboxRow[]): void;
  /** What was read, once; undefined when it may not be sent next, and when there is nothing. */
  take(isNext: boolean): Promise<OutboxRow[] | undefined>;
}

/**
 * Reads the rows of the next round while those of this one are on their way. They are sent only when all of these were taken
 * and have been deleted: otherwise they are forgotten, and read again.
 */
export function createReadAhead(
  read: (after: ReadonlyMap<number, string>) => Promise<OutboxRow[]>,
  now: () => number = () => performance.now(),
): ReadAhead {
  let inARow = 0;
  let ahead: { rows: Promise<OutboxRow[]>; at: number } | undefined;
  return {
    start(rows) {
      inARow = inARow < IN_A_ROW ? inARow + 1 : 0;
      if (inARow === 0) return;
      // Before it is read: the lease is looked at no earlier.
      const at = now();
      ahead = { rows: read(new Map(rows.map(({ bucket, id }) => [bucket, id]))), at };
      ahead.rows.catch(() => {});
    },
    async take(isNext) {
      const taken = ahead;
      ahead = undefined;
      const rows = await taken?.rows.catch(() => []);
      const isGood = isNext && taken !== undefined && now() - taken.at < FRESH_MS;
      return isGood && rows !== undefined && rows.length > 0 ? rows : undefined;
    },
  };
}
