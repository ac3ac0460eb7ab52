import type { Log } from "@soma/shared/log";
import { durationHistogram } from "@soma/shared/metrics";
import type { Tx } from "@soma/shared/postgres/connect";
import type { BatchRow } from "../../store/commit-batch.ts";
import { commitRows, type PendingRow } from "./commit-rows.ts";
import type { Commits } from "./commits.ts";

const MAX_ROWS = 512;
const MAX_BYTES = 1_048_576;
/**
 * A second call starts beside one in flight only when this many rows wait; more lanes would only make batches smaller.
 */
const SECOND_LANE_ROWS = 64;

const batches = durationHistogram("soma_journal_commit_duration_seconds", "Time of one group commit", []);

export interface CommitBatcher {
  /** Resolves with the run's control bits once the row is durable; rejects with FENCED when the run was taken away. */
  append(row: BatchRow): Promise<number>;
  /**
   * Beside the batches: a row in one transaction with what is done before it. No other row of its run may wait or be in
   * flight.
   */
  together(tenant: string, work: (tx: Tx) => Promise<BatchRow>): Promise<number>;
}

export interface CommitBatcherOptions {
  commits: Commits;
  log: Log;
}

/**
 * Group commit: rows of all runs of this process wait in one queue, and whatever waits when no call is in flight leaves
 * as one. There is no timer, so one run alone pays one round trip, and batches form by themselves under load. A run
 * with rows in flight is passed over until they are back, which keeps its order. Rows that a run left when it was given
 * back and taken again here never leave with those of its new ownership, since a call is answered by run: they would be
 * taken for written.
 */
export function createCommitBatcher(options: CommitBatcherOptions): CommitBatcher {
  const { commits, log } = options;
  let queue: PendingRow[] = [];
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

  function take(): PendingRow[] {
    const batch: PendingRow[] = [];
    const rest: PendingRow[] = [];
    // Once a row of a run stays behind, later rows of that run must too.
    const behind = new Set(busy);
    const epochs = new Map<string, number>();
    let bytes = 0;
    for (const row of queue) {
      const { runId } = row.event;
      const size = sizeOf(row);
      const fits = batch.length < MAX_ROWS && (batch.length === 0 || bytes + size <= MAX_BYTES);
      if (fits && !behind.has(runId) && (epochs.get(runId) ?? row.epoch) === row.epoch) {
        epochs.set(runId, row.epoch);
        batch.push(row);
        bytes += size;
      } else {
        behind.add(runId);
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
      await commitRows({ commits, log }, batch);
    } finally {
      end();
      inFlight -= 1;
      for (const run of runs) busy.delete(run);
      if (queue.length > 0) schedule();
    }
  }

  /** Nothing of a run follows an entry that was not written, whatever waits already: there would be a hole. */
  function rejectRest({ event, epoch }: BatchRow, error: unknown): void {
    const isRest = (row: PendingRow): boolean => row.event.runId === event.runId && row.epoch === epoch;
    const rest = queue.filter(isRest);
    if (rest.length === 0) return;
    queue = queue.filter((row) => !isRest(row));
    for (const row of rest) row.reject(error);
  }

  return {
    append(row) {
      return new Promise((resolve, reject) => {
        const rejectAll = (error: unknown): void => {
          reject(error);
          rejectRest(row, error);
        };
        queue.push({ ...row, resolve, reject: rejectAll });
        schedule();
      });
    },
    together: (tenant, work) => commits.together(tenant, work),
  };
}

/** Characters of a row, with those of the big values that are sent with it. */
export function sizeOf({ text, values }: BatchRow): number {
  return values.reduce((sum, value) => sum + value.text.length, text.length);
}
