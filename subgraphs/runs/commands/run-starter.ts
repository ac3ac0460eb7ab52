import { SomaError } from "@soma/shared/errors";
import { canceledError } from "@soma/shared/postgres/cancelable";
import type { Sql } from "@soma/shared/postgres/connect";
import { isDataFault } from "@soma/shared/postgres/data-fault";
import { statement } from "@soma/shared/postgres/statement";
import { requestSignal } from "@soma/shared/request-signal";
import { type BegunRow, beginRuns, type NewRun } from "../store/begin-runs.ts";

/** Runs of one statement at most; their inputs are bounded, and so is the statement. */
const MAX_RUNS = 32;

interface Waiting extends PromiseWithResolvers<BegunRow | undefined> {
  run: NewRun;
}

export interface RunStarter {
  /** The run of the key, durable: this one, or the one that the key has; undefined when its session does not exist. */
  start(run: NewRun): Promise<BegunRow | undefined>;
}

/**
 * Starts of all requests of a process wait in one queue, and whatever waits when no statement is in flight leaves as
 * one; a second goes beside it only when it would be full. There is no timer: one alone pays one round trip, and one of
 * many a part of one. `sql` is a pool of the request role, or of the worker's.
 */
export function createRunStarter(sql: Sql): RunStarter {
  let queue: Waiting[] = [];
  let inFlight = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (inFlight === 0 || (inFlight === 1 && queue.length >= MAX_RUNS)) void flush();
    });
  }

  async function flush(): Promise<void> {
    const batch = queue.slice(0, MAX_RUNS);
    queue = queue.slice(MAX_RUNS);
    inFlight += 1;
    await startAll(sql, batch);
    inFlight -= 1;
    if (queue.length > 0) schedule();
  }

  return {
    async start(run) {
      const signal = requestSignal();
      if (signal?.aborted === true) throw canceledError();
      const waiting: Waiting = { run, ...Promise.withResolvers<BegunRow | undefined>() };
      // One that has left already may still be made; its key finds it then.
      const giveUp = (): void => {
        queue = queue.filter((other) => other !== waiting);
        waiting.reject(canceledError());
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      queue.push(waiting);
      schedule();
      return waiting.promise.finally(() => signal?.removeEventListener("abort", giveUp));
    },
  };
}

/**
 * Answers each; one that cannot be taken must not fail the others, so they are tried in halves until it stands
 * alone.
 */
async function startAll(sql: Sql, batch: readonly Waiting[]): Promise<void> {
  if (batch.length === 0) return;
  try {
    const rows = await statement(sql, (tx) => beginRuns(tx, { runs: batch.map(({ run }) => run) }));
    const byKey = new Map(rows.map((row) => [`${row.tenant}/${row.idemKey}`, row]));
    for (const { run, resolve } of batch) resolve(byKey.get(`${run.tenant}/${run.idemKey}`));
  } catch (error) {
    if (batch.length === 1 || !isOfOne(error)) {
      for (const { reject } of batch) reject(error);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await startAll(sql, batch.slice(0, half));
    await startAll(sql, batch.slice(half));
  }
}

/** Whether it is what one of them holds that cannot be taken. */
function isOfOne(error: unknown): boolean {
  return isDataFault(error) || (error instanceof SomaError && error.code === "EVENT_INVALID");
}
