import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "@soma/shared/backoff";
import { SomaError } from "@soma/shared/errors";
import type { Log } from "@soma/shared/log";
import { counter } from "@soma/shared/metrics";
import type { Sql } from "@soma/shared/postgres/connect";
import { isDataFault } from "@soma/shared/postgres/data-fault";
import { type BatchRow, commitBatch, type Incarnation } from "../../store/commit-batch.ts";
import { findCommitted } from "../../store/find-committed.ts";

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
  sql: Sql;
  owner: Incarnation;
  log: Log;
}

/** Commits rows of many runs as one call and answers each; after a lost connection it first looks which are durable. */
export async function commitRows(deps: CommitRowsDeps, batch: readonly PendingRow[]): Promise<void> {
  const { sql, owner, log } = deps;
  let rows = batch;
  for (let attempt = 1; ; attempt += 1) {
    try {
      answer(rows, await commitBatch(sql, { owner, rows }));
      return;
    } catch (error) {
      if (isDataFault(error)) return bisect(deps, rows, error);
      log.warn({ err: error, rows: rows.length, attempt }, "a group commit failed; looking which rows are durable");
      rows = await withoutCommitted(sql, rows);
      if (rows.length === 0) return;
      if (attempt === ATTEMPTS)
        return rejectAll(rows, new SomaError("UNAVAILABLE", "the history could not be written", { cause: error }));
      await sleep(backoffMs(RETRY, attempt));
    }
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

/** The connection died: the server may have committed. Rows that are there count; the others are tried again. */
async function withoutCommitted(sql: Sql, rows: readonly PendingRow[]): Promise<readonly PendingRow[]> {
  const found = await findCommitted(sql, { rows }).catch(() => new Set<BatchRow>());
  for (const row of rows) if (found.has(row)) row.resolve(0);
  return rows.filter((row) => !found.has(row));
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
