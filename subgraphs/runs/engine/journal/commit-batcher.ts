import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "@soma/shared/backoff";
import { SomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { counter, durationHistogram } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { type BatchRow, commitBatch, type Incarnation } from "../../store/commit-batch.ts";
import { findCommitted } from "../../store/find-committed.ts";

const MAX_ROWS = 512;
const MAX_BYTES = 1_048_576;
/** A second call starts beside one in flight only when this many rows wait; more lanes would only make batches smaller. */
const SECOND_LANE_ROWS = 64;
const ATTEMPTS = 5;
const RETRY = { initialMs: 100, maxMs: 1_600 };

const committed = counter("soma_journal_rows_total", "Journal rows by what became of them", ["result"]);
const batches = durationHistogram("soma_journal_commit_duration_seconds", "Time of one group commit", []);

interface Waiting extends BatchRow {
  bytes: number;
  resolve(control: number): void;
  reject(error: unknown): void;
}

export interface CommitBatcher {
  /** Resolves with the run's control bits once the row is durable; rejects with FENCED when the run was taken away. */
  append(row: BatchRow): Promise<number>;
}

/**
 * Group commit: rows of all runs of this process wait in one queue, and whatever waits when no call is in flight leaves as
 * one. There is no timer, so one run alone pays one round trip, and batches form by themselves under load. A run with rows
 * in flight is passed over until they are back, which keeps its order.
 */
export function createCommitBatcher(options: { sql: Sql; owner: Incarnation; log: Log }): CommitBatcher {
  const { sql, owner, log } = options;
  let queue: Waiting[] = [];
  const busy = new Set<string>();
  let inFlight = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (inFlight === 0 || (inFlight === 1 && queue.length >= SECOND_LANE_ROWS)) void flush();
    });
  }

  function take(): Waiting[] {
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    let bytes = 0;
    for (const row of queue) {
      const fits = batch.length < MAX_ROWS && (batch.length === 0 || bytes + row.bytes <= MAX_BYTES);
      // Once a row of a run stays behind, later rows of that run must too.
      if (fits && !busy.has(row.event.runId) && !rest.some((kept) => kept.event.runId === row.event.runId)) {
        batch.push(row);
        bytes += row.bytes;
      } else {
        rest.push(row);
      }
    }
    queue = rest;
    return batch;
  }

  async function flush(): Promise<void> {
    const batch = take();
    if (batch.length === 0) return;
    const runs = new Set(batch.map((row) => row.event.runId));
    for (const run of runs) busy.add(run);
    inFlight += 1;
    const end = batches.startTimer();
    try {
      await settle(batch);
    } finally {
      end();
      inFlight -= 1;
      for (const run of runs) busy.delete(run);
      if (queue.length > 0) schedule();
    }
  }

  async function settle(batch: readonly Waiting[]): Promise<void> {
    let rows = batch;
    for (let attempt = 1; ; attempt += 1) {
      try {
        answer(rows, await commitBatch(sql, { owner, rows }));
        return;
      } catch (error) {
        if (isDataFault(error)) return bisect(rows, error);
        log.warn({ err: error, rows: rows.length, attempt }, "a group commit failed; looking which rows are durable");
        rows = await withoutCommitted(rows);
        if (rows.length === 0) return;
        if (attempt === ATTEMPTS) {
          for (const row of rows)
            row.reject(new SomaError("UNAVAILABLE", "the history could not be written", { cause: error }));
          return;
        }
        await sleep(backoffMs(RETRY, attempt));
      }
    }
  }

  /** One bad row must not fail the others: halves until the run with the fault stands alone. */
  async function bisect(rows: readonly Waiting[], error: unknown): Promise<void> {
    const runs = [...new Set(rows.map((row) => row.event.runId))];
    if (runs.length === 1) {
      for (const row of rows) row.reject(error);
      return;
    }
    const left = new Set(runs.slice(0, Math.ceil(runs.length / 2)));
    await settle(rows.filter((row) => left.has(row.event.runId)));
    await settle(rows.filter((row) => !left.has(row.event.runId)));
  }

  /** The connection died: the server may have committed. Rows that are there count; the others are tried again. */
  async function withoutCommitted(rows: readonly Waiting[]): Promise<readonly Waiting[]> {
    const found = await findCommitted(sql, { rows }).catch(() => new Set<BatchRow>());
    for (const row of rows) if (found.has(row)) row.resolve(0);
    return rows.filter((row) => !found.has(row));
  }

  return {
    append(row) {
      return new Promise((resolve, reject) => {
        queue.push({ ...row, bytes: JSON.stringify(row.event.payload).length, resolve, reject });
        schedule();
      });
    },
  };
}

function answer(rows: readonly Waiting[], control: ReadonlyMap<string, number>): void {
  for (const row of rows) {
    const bits = control.get(row.event.runId);
    committed.inc({ result: bits === undefined ? "fenced" : "committed" });
    if (bits === undefined) row.reject(new SomaError("FENCED", `run ${row.event.runId} belongs to another worker now`));
    else row.resolve(bits);
  }
}

/** Integrity violations (23) and values the server cannot take (22): trying the same again cannot help. */
function isDataFault(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^(22|23)/.test(error.code);
}
