import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "@soma/shared/backoff";
import { SomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { counter } from "@soma/shared/metrics";
import { isDataFault } from "@soma/shared/postgres/data-fault";
import type { BatchRow } from "../../store/commit-batch.ts";
import type { Commits } from "./commits.ts";

const ATTEMPTS = 5;
const RETRY = { initialMs: 100, maxMs: 1_600 };

const committed = counter("soma_journal_rows_total", "Journal rows by what became of them", ["result"]);

/** A row and whoever waits for it. */
export interface PendingRow extends BatchRow {
  /** Told the run's control bits once the row is durable. */
  resolve(control: number): void;
  reject(error: unknown): void;
}

export interface CommitRowsDeps {
  commits: Commits;
  log: Log;
}

/** Commits rows of many runs as one call and answers each; after a lost connection it first looks which are durable. */
export async function commitRows(deps: CommitRowsDeps, batch: readonly PendingRow[]): Promise<void> {
  const { commits, log } = deps;
  let rows = batch;
  let isKnown = true;
  let cause: unknown;
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (isKnown) return answer(rows, await commits.commit(rows));
    } catch (error) {
      if (isDataFault(error)) return bisect(deps, rows, error);
      log.warn({ err: error, rows: rows.length, attempt }, "a group commit failed; looking which rows are durable");
      cause = error;
    }
    // Nothing is committed again before that is known: rows that are there would be refused, and taken for faulty.
    const left = await withoutCommitted(commits, rows);
    isKnown = left !== undefined;
    rows = left ?? rows;
    if (rows.length === 0) return;
    if (attempt === ATTEMPTS)
      return rejectAll(rows, new SomaError("UNAVAILABLE", "the history could not be written", { cause }));
    await sleep(backoffMs(RETRY, attempt));
  }
}

/** One bad row must not fail the others: halves until the run with the fault stands alone. */
async function bisect(deps: CommitRowsDeps, rows: readonly PendingRow[], error: unknown): Promise<void> {
  const runs = [...new Set(rows.map((row) => row.event.runId))];
  if (runs.length === 1) return rejectAll(rows, error);
  const left = new Set(runs.slice(0, Math.ceil(runs.length / 2)));
  await commitRows(
    deps,
    rows.filter((row) => left.has(row.event.runId)),
  );
  await commitRows(
    deps,
    rows.filter((row) => !left.has(row.event.runId)),
  );
}

/**
 * The connection died: the server may have committed. Rows that are there count, and whoever waits for them hears what
 * is asked of their runs, as by the answer; the others are tried again. Undefined when that cannot be told.
 */
async function withoutCommitted(
  commits: Commits,
  rows: readonly PendingRow[],
): Promise<readonly PendingRow[] | undefined> {
  const found = await commits.find(rows).catch(() => undefined);
  if (found === undefined) return undefined;
  const isLost = (row: PendingRow): boolean => {
    const control = found.get(row);
    if (control !== undefined) row.resolve(control);
    return control === undefined;
  };
  return rows.filter(isLost);
}

function answer(rows: readonly PendingRow[], control: ReadonlyMap<string, number>): void {
  for (const row of rows) {
    const bits = control.get(row.event.runId);
    committed.inc({ result: bits === undefined ? "fenced" : "committed" });
    if (bits === undefined) row.reject(new SomaError("FENCED", `run ${row.event.runId} belongs to another worker now`));
    else row.resolve(bits);
  }
}

function rejectAll(rows: readonly PendingRow[], error: unknown): void {
  for (const row of rows) row.reject(error);
}
