import { SomaError } from "../errors.ts";
import type { Sql } from "../postgres/connect.ts";
import { countWaiting } from "./store/count-waiting.ts";

/** What a count is good for. To count a million rows takes a tenth of a second. */
const GOOD_FOR_MS = 5_000;

/** Refuses what would tell of more, while too many events wait. */
export interface OutboxLimit {
  /** Throws UNAVAILABLE, for as long as nobody takes what waits. */
  admit(): Promise<void>;
}

interface OutboxLimitOptions {
  /** A pool of the worker role. */
  sql: Sql;
  /** Name of the schema, for the message. */
  schema: string;
  maxRows: number;
  now?: () => number;
}

/**
 * While a bus is away its events wait, and for as long as it takes they must not fill the disk. Asked at the doors where work
 * begins, and not where it ends: what was done is always told.
 */
export function createOutboxLimit(options: OutboxLimitOptions): OutboxLimit {
  const { sql, schema, maxRows, now = () => performance.now() } = options;
  let counting: Promise<number> | undefined;
  let countedAt = Number.NEGATIVE_INFINITY;

  function count(): Promise<number> {
    if (counting !== undefined && now() - countedAt < GOOD_FOR_MS) return counting;
    countedAt = now();
    counting = countWaiting(sql, { most: maxRows });
    // What could not be counted is counted anew for whoever comes next.
    counting.catch(() => {
      countedAt = Number.NEGATIVE_INFINITY;
    });
    return counting;
  }

  return {
    async admit() {
      if ((await count()) < maxRows) return;
      throw new SomaError(
        "UNAVAILABLE",
        `${maxRows} events of ${schema} wait to be published, which is as many as may (SOMA_OUTBOX_MAX_ROWS); ` +
          "nothing new is begun until their bus takes them",
      );
    },
  };
}
