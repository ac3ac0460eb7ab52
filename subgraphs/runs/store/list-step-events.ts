import type { Tx } from "@soma/shared/postgres/connect";
import { queryOn } from "@soma/shared/postgres/query";
import { and, asc, inArray, type SQL, sql } from "drizzle-orm";
import type { HistoryEvent } from "../domain/history.ts";
import { journal } from "./tables.ts";
import { toHistoryEvent } from "./to-history-event.ts";

/**
 * Begins, waits, retries and ends of the steps of each run, step by step and of each the oldest first; a run has at most some
 * hundred steps.
 */
export function listStepEvents(tx: Tx, { runIds }: { runIds: readonly string[] }): Promise<HistoryEvent[]> {
  return readStepEvents(tx, inArray(journal.runId, [...runIds]));
}

/** Events of steps that a condition on the index journal_steps chooses. */
export async function readStepEvents(tx: Tx, chosen: SQL | undefined): Promise<HistoryEvent[]> {
  const rows = await queryOn(tx)
    .select()
    .from(journal)
    // as the index has it
    .where(and(chosen, sql`${journal.kind} between 10 and 16`))
    .orderBy(asc(journal.runId), asc(journal.step), asc(journal.seq));
  return rows.map(toHistoryEvent);
}
